import { testRegisterModels } from "./register_model_fixture.ts";

testRegisterModels({ "mop.r.imm": () => 0n, "mop.rr.imm": () => 0n });
