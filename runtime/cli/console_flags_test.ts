import { assertEquals, assertThrows } from "@std/assert";
import { type Connections, connectionsOf } from "./console_flags.ts";
import { consoleRequests, devicesOf } from "./device_flags.ts";
import { parseCommandLine } from "./flags.ts";
import { UsageError } from "./usage_error.ts";

function connections(words: string): Connections {
  const line = parseCommandLine(words.split(" "));
  return connectionsOf(line, consoleRequests(line));
}

function consoles(words: string): unknown {
  return devicesOf(parseCommandLine(words.split(" "))).consoles;
}

const TERMINAL_PORT =
  "-device virtio-serial-device -device virtconsole,chardev=c -chardev stdio,id=c";

Deno.test("ports go to the console that they name, or the first one with room", () => {
  const words = "-device virtio-serial-device,max_ports=1 -device virtio-serial-pci,id=v " +
    "-chardev null,id=a -chardev null,id=b -chardev null,id=c " +
    "-device virtserialport,chardev=c,bus=v.0,nr=5,name=org.x.y " +
    "-device virtconsole,chardev=a -device virtconsole,chardev=b";
  assertEquals(consoles(words), [
    { bus: "mmio", slot: 7, maxPorts: 1, ports: [{ kind: "console" }] },
    {
      bus: "pci",
      slot: 1,
      ports: [{ kind: "serial", number: 5, name: "org.x.y" }, { kind: "console" }],
    },
  ]);
});

Deno.test("connections follow the order of the ports, not of the flags", () => {
  const words =
    "-device virtserialport,chardev=f,bus=two.0 -device virtconsole,chardev=n,bus=one.0 " +
    "-device virtio-serial-device,id=one -device virtio-serial-device,id=two " +
    "-chardev file,id=f,path=log,append=on -chardev null,id=n";
  assertEquals(connections(words).ports, ["null", { file: "log", append: true }]);
});

Deno.test("the serial line has the terminal unless a port has it, or both share it", () => {
  assertEquals(connections("-help"), { serial: "mon:stdio", ports: [] });
  assertEquals(connections(TERMINAL_PORT), { serial: "null", ports: ["stdio"] });
  assertEquals(connections(`${TERMINAL_PORT},mux=on`), { serial: "null", ports: ["mon:stdio"] });
  assertEquals(connections(`${TERMINAL_PORT},mux=on -serial chardev:c`), {
    serial: "mon:stdio",
    ports: ["mon:stdio"],
  });
  for (const serial of ["mon:stdio", "stdio"]) {
    assertThrows(() => connections(`${TERMINAL_PORT} -serial ${serial}`), UsageError, "share them");
  }
});
