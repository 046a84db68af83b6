import { assert, assertEquals, assertRejects } from "@std/assert";
import { runTimed } from "./child_time.ts";

const BURN = "s=0; for ((i = 0; i < 200000; i++)); do s=$((s + i)); done; echo $s";

Deno.test("runTimed() counts the CPU time of a busy child", async () => {
  const run = await runTimed({ command: "bash", args: ["-c", BURN], timeoutSeconds: 30 });
  assertEquals(run.stdout, "19999900000\n");
  assertEquals(run.exitCode, 0);
  assert(run.cpuMs > 20, `${run.cpuMs} ms`);
});

Deno.test("runTimed() counts grandchildren and separates CPU time from waiting", async () => {
  const run = await runTimed({
    command: "bash",
    args: ["-c", `bash -c '${BURN}' & wait; read -t 0.5 <> <(:)`],
    timeoutSeconds: 30,
  });
  assert(run.cpuMs > 20, `${run.cpuMs} ms`);
  assert(run.wallMs > 500, `${run.wallMs} ms`);
});

Deno.test("runTimed() passes on the exit code and both streams", async () => {
  const run = await runTimed({
    command: "bash",
    args: ["-c", "echo out; echo err >&2; exit 3"],
    timeoutSeconds: 5,
  });
  assertEquals([run.exitCode, run.stdout, run.stderr], [3, "out\n", "err\n"]);
});

Deno.test("runTimed() stops a child that takes too long", async () => {
  await assertRejects(
    () => runTimed({ command: "tail", args: ["-f", "/dev/null"], timeoutSeconds: 1 }),
    Error,
    "took over 1 s",
  );
});
