import { testRegisterModels } from "./register_model_fixture.ts";

testRegisterModels({
  "czero.eqz": (a, b) => b === 0n ? 0n : a,
  "czero.nez": (a, b) => b !== 0n ? 0n : a,
});
