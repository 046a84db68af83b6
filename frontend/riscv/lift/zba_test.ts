import { testRegisterModels, unsigned } from "./register_model_fixture.ts";

function word(value: bigint): bigint {
  return unsigned(value, 32);
}

testRegisterModels({
  "add.uw": (a, b) => word(a) + b,
  "sh1add": (a, b) => a * 2n + b,
  "sh1add.uw": (a, b) => word(a) * 2n + b,
  "sh2add": (a, b) => a * 4n + b,
  "sh2add.uw": (a, b) => word(a) * 4n + b,
  "sh3add": (a, b) => a * 8n + b,
  "sh3add.uw": (a, b) => word(a) * 8n + b,
  "slli.uw": (a, _b, i) => word(a) << i,
});
