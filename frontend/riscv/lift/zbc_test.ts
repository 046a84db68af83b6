import { testRegisterModels, unsigned } from "./register_model_fixture.ts";

/** The whole product: one factor, shifted, for each set bit of the other. */
function carrylessProduct(a: bigint, b: bigint): bigint {
  let product = 0n;
  for (let bit = 0n; bit < 64n; bit++) {
    if ((b >> bit) & 1n) product ^= unsigned(a) << bit;
  }
  return product;
}

testRegisterModels({
  "clmul": (a, b) => carrylessProduct(a, b),
  "clmulh": (a, b) => carrylessProduct(a, b) >> 64n,
  "clmulr": (a, b) => carrylessProduct(a, b) >> 63n,
});
