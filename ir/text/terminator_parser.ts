/**
 * Parsers of the ends of blocks, one per kind. Blocks are known while they run; values are resolved later,
 * so each parser gives a function that makes the terminator.
 */
import type { Block, Terminator, TransferKind, Value } from "../region.ts";
import type { Cursor } from "./cursor.ts";

const TRANSFERS: readonly string[] = ["jump", "call", "return", "indirect"];

/** What a parser of an end reads with. */
export interface EndReader {
  /** The tokens. */
  readonly cursor: Cursor;
  /** Reads a block. */
  block(): Block;
  /** Reads the name of a value; the function given resolves it. */
  value(): () => Value;
  /** Reads a comma. */
  comma(): void;
}

/** Parser by the word that a terminator begins with. */
export const TERMINATOR_PARSERS: ReadonlyMap<string, (read: EndReader) => () => Terminator> =
  new Map<
    Terminator["kind"],
    (read: EndReader) => () => Terminator
  >([
    ["jump", (read) => {
      const target = read.block();
      return () => ({ kind: "jump", target });
    }],
    ["branch", (read) => {
      const condition = read.value();
      read.comma();
      const taken = read.block();
      read.comma();
      const otherwise = read.block();
      return () => ({ kind: "branch", condition: condition(), taken, otherwise });
    }],
    ["switch", (read) => {
      const index = read.value();
      read.comma();
      const targets = parseList(read.cursor, () => read.block());
      read.comma();
      const otherwise = read.block();
      return () => ({ kind: "switch", index: index(), targets, otherwise });
    }],
    ["return", (read) => {
      const value = read.cursor.isAt("value") ? read.value() : () => null;
      return () => ({ kind: "return", value: value() });
    }],
    ["next", () => () => ({ kind: "next" })],
    ["goto", (read) => {
      const transfer = parseTransfer(read.cursor);
      const pc = read.value();
      const link = read.cursor.accept("mark", ",") ? read.value() : () => null;
      return () => ({ kind: "goto", pc: pc(), transfer, link: link() });
    }],
    ["call", (read) => {
      const pc = read.value();
      read.comma();
      const link = read.value();
      read.comma();
      const then = read.block();
      return () => ({ kind: "call", pc: pc(), link: link(), then });
    }],
    ["dispatch", (read) => {
      const transfer = parseTransfer(read.cursor);
      const pc = read.value();
      read.comma();
      const targets = parseList(read.cursor, () => ({
        offset: read.cursor.number(),
        block: read.block(),
      }));
      return () => ({ kind: "dispatch", pc: pc(), transfer, targets });
    }],
    ["goto_if", (read) => {
      const condition = read.value();
      read.comma();
      const taken = read.value();
      read.comma();
      const otherwise = read.value();
      return () => ({
        kind: "goto_if",
        condition: condition(),
        taken: taken(),
        otherwise: otherwise(),
      });
    }],
    ["exit", (read) => {
      const reason = read.cursor.number();
      const pc = read.value();
      return () => ({ kind: "exit", reason, pc: pc() });
    }],
    ["trap", (read) => {
      const cause = read.value();
      read.comma();
      const value = read.value();
      return () => ({ kind: "trap", cause: cause(), value: value() });
    }],
  ]);

function parseList<Item>(cursor: Cursor, item: () => Item): Item[] {
  const items: Item[] = [];
  cursor.expectMark("[");
  if (!cursor.isAt("mark", "]")) {
    do items.push(item()); while (cursor.accept("mark", ","));
  }
  cursor.expectMark("]");
  return items;
}

function parseTransfer(cursor: Cursor): TransferKind {
  const token = cursor.expect("word", `a transfer: ${TRANSFERS.join(", ")}`);
  if (!TRANSFERS.includes(token.text)) cursor.fail(`expected ${TRANSFERS.join(", ")}`, token);
  return token.text as TransferKind;
}
