/** A vCPU worker that cannot compile WebAssembly: whoever gives it code must give it compiled code. */

function refuse(): never {
  throw new Error("Cannot compile WebAssembly in a vCPU");
}

Object.assign(WebAssembly, {
  Module: refuse,
  compile: refuse,
  compileStreaming: refuse,
  instantiate: refuse,
  instantiateStreaming: refuse,
});

await import("../../runtime/vcpu/vcpu_worker.ts");
