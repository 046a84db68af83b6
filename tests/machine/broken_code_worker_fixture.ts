/** A vCPU worker in whose table every compiled region is one that traps. */

/** A module with one function of a region's type, which is nothing but `unreachable`. */
const TRAPPING = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x07, 0x01, 0x60, 0x02, 0x7e, 0x7f, 0x01, 0x7e],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x07, 0x05, 0x01, 0x01, 0x72, 0x00, 0x00],
  ...[0x0a, 0x05, 0x01, 0x03, 0x00, 0x00, 0x0b],
);

const { r } = new WebAssembly.Instance(new WebAssembly.Module(TRAPPING)).exports;
const trapping = r as CallableFunction;
const { set } = WebAssembly.Table.prototype;
WebAssembly.Table.prototype.set = function (index, value) {
  set.call(this, index, value === null ? null : trapping);
};

await import("../../runtime/vcpu/vcpu_worker.ts");
