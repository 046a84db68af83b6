import { assertEquals, assertRejects } from "@std/assert";
import { guestReports } from "./guest_reports.ts";

const LINE_LENGTH = 76;

async function packed(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  const base64 = new Uint8Array(await new Response(stream).arrayBuffer()).toBase64();
  return base64.replace(new RegExp(`.{1,${LINE_LENGTH}}`, "g"), "$&\r\n");
}

Deno.test("files come over the console by their names, among other lines", async () => {
  const long = Array.from({ length: 500 }, (_, index) => `${index * index}`).join(" ");
  const text = [
    "BOOT-OK 2\r\n",
    `REPORT fio\r\n${await packed(long)}REPORT-END\r\n`,
    "LOAD compute 2 10 0 3000000000\r\n",
    `REPORT empty\r\n${await packed("")}REPORT-END\r\nRUN-EXIT 0\r\n`,
  ].join("");
  assertEquals(await guestReports(text), [
    { name: "fio", text: long },
    { name: "empty", text: "" },
  ]);
});

Deno.test("a file that was cut off is not taken for one", async () => {
  const whole = await packed("a".repeat(100));
  assertEquals(await guestReports(`REPORT fio\r\n${whole}`), []);
  const damaged = `REPORT fio\r\n${whole.slice(0, 8)}\r\nREPORT-END\r\n`;
  await assertRejects(() => guestReports(damaged));
});
