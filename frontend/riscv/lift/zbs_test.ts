import { testRegisterModels } from "./register_model_fixture.ts";

function bit(index: bigint): bigint {
  return 2n ** (index & 63n);
}

testRegisterModels({
  bclr: (a, b) => a & ~bit(b),
  bclri: (a, _b, i) => a & ~bit(i),
  bext: (a, b) => (a & bit(b)) === 0n ? 0n : 1n,
  bexti: (a, _b, i) => (a & bit(i)) === 0n ? 0n : 1n,
  binv: (a, b) => a ^ bit(b),
  binvi: (a, _b, i) => a ^ bit(i),
  bset: (a, b) => a | bit(b),
  bseti: (a, _b, i) => a | bit(i),
});
