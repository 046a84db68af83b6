import { assertEquals } from "@std/assert";
import {
  ANY_HART,
  GUEST_RAM_OFFSET,
  Machine,
  MOST_BREAKPOINTS,
  SeekOutcome,
  SeekQuestion,
  Vcpu,
  vcpuWord,
} from "./shared_layout.ts";
import { FIRST_OF_ALL, shareBell } from "./pending.ts";
import { SeekRequests } from "./seek_request.ts";

const ANSWER = Machine.SEEK_ANSWER.offset >> 2;

Deno.test("a question is there until it is answered, and an answer belongs to its question", () => {
  const words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET));
  const [main, thread] = [new SeekRequests(words), new SeekRequests(words)];
  assertEquals(thread.asked(), null);
  const first = main.ask(SeekQuestion.GO, 2 ** 40 + 1);
  for (let looks = 0; looks < 2; looks++) {
    assertEquals(thread.asked(), { question: SeekQuestion.GO, position: 2 ** 40 + 1 });
  }
  assertEquals(words[ANSWER] === first, false);
  thread.answer(SeekOutcome.BEHIND_THE_END, 77);
  assertEquals([words[ANSWER], thread.asked()], [first, null]);
  assertEquals(main.answered().outcome, SeekOutcome.BEHIND_THE_END);
  assertEquals(main.answered().position, 77);
  const second = main.ask(SeekQuestion.HASH, 0);
  thread.answer(SeekOutcome.DONE, 78, "fedcba9800000001");
  assertEquals([words[ANSWER], second === first], [second, false]);
  assertEquals(main.answered(), {
    outcome: SeekOutcome.DONE,
    position: 78,
    hash: "fedcba9800000001",
    hart: 0,
  });
});

Deno.test("breakpoints of a question are those of the last one, and an answer names the hart", () => {
  const words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET));
  const [main, thread] = [new SeekRequests(words), new SeekRequests(words)];
  const many = Array.from({ length: MOST_BREAKPOINTS }, (_, index) => ({
    ...{ low: -index, high: index, hart: ANY_HART },
  }));
  main.ask(SeekQuestion.BACK, 0, many);
  assertEquals(thread.breakpoints(), many);
  thread.answer(SeekOutcome.DONE, 5, "", 3);
  assertEquals(main.answered().hart, 3);
  main.ask(SeekQuestion.BACK, 0, [{ low: 4, high: 0, hart: 1 }]);
  assertEquals(thread.breakpoints(), [{ low: 4, high: 0, hart: 1 }]);
});

Deno.test("a question rings the bell that the harts' thread sleeps on", () => {
  const words = new Int32Array(new SharedArrayBuffer(GUEST_RAM_OFFSET));
  shareBell(words, [FIRST_OF_ALL, 1]);
  const before = words[vcpuWord(0, Vcpu.BELL) >> 2];
  new SeekRequests(words).ask(SeekQuestion.GO, 1);
  assertEquals(words[vcpuWord(0, Vcpu.BELL) >> 2], before + 1);
});
