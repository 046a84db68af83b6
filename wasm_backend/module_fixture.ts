/** Spaces for modules that tests instantiate. */
import {
  ENVIRONMENT,
  REGION_TABLE,
  SHARED_MAXIMUM_PAGES,
  SHARED_MEMORY,
  SHARED_MINIMUM_PAGES,
  VCPU_MEMORY,
} from "./abi/module_shape.ts";
import { VCPU_MEMORY_PAGES } from "./abi/vcpu_layout.ts";

/** What every module imports, with these functions in addition. */
export function moduleImports(functions: WebAssembly.ModuleImports): WebAssembly.Imports {
  return {
    [ENVIRONMENT]: {
      ...functions,
      [SHARED_MEMORY]: new WebAssembly.Memory({
        initial: SHARED_MINIMUM_PAGES,
        maximum: SHARED_MAXIMUM_PAGES,
        shared: true,
      }),
      [VCPU_MEMORY]: new WebAssembly.Memory({
        initial: VCPU_MEMORY_PAGES,
        maximum: VCPU_MEMORY_PAGES,
      }),
      [REGION_TABLE]: new WebAssembly.Table({ element: "anyfunc", initial: 0 }),
    },
  };
}
