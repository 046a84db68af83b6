/**
 * Parser of the text form. It checks syntax and names; types and everything else are the verifier's.
 *
 * ```text
 * module    = { "state" NAME ":" TYPE [ "[" COUNT "]" ] [ "promotable" ] | region }
 * region    = ( "region" @NAME | "handler" @NAME | "function" signature ) "{" body "}"
 * signature = @NAME "(" [ TYPE { "," TYPE } ] ")" [ "->" TYPE ]
 * body      = { "var" $NAME ":" TYPE } { "entry" BLOCK OFFSET [ conditions ] } { BLOCK ":" { operation } end }
 * conditions = "if" SLOT [ "[" INDEX "]" ] RANGE { "," SLOT [ "[" INDEX "]" ] RANGE }
 * operation = [ %ID "=" ] OPCODE [ attribute ] [ values ]
 * attribute = NUMBER | SLOT [ "[" INDEX "]" ] | $NAME | FIELD | OFFSET | ORDER
 *           | signature [ "changing" "[" [ SLOT { "," SLOT } ] "]" ]
 *           | [ UPDATE ] ( "s" | "u" ) WIDTH [ ORDER ] | OFFSET "length" NUMBER "index" NUMBER
 * end       = "jump" BLOCK | "branch" %ID "," BLOCK "," BLOCK | "return" [ %ID ] | "next"
 *           | "switch" %ID "," "[" [ BLOCK { "," BLOCK } ] "]" "," BLOCK
 *           | "goto" TRANSFER %ID [ "," %ID ] | "call" %ID "," %ID "," BLOCK
 *           | "dispatch" TRANSFER %ID "," "[" [ OFFSET BLOCK { "," OFFSET BLOCK } ] "]"
 *           | "goto_if" %ID "," %ID "," %ID | "exit" REASON %ID | "trap" %ID "," %ID
 * ```
 *
 * A statement is a line. Parameters of a function are the variables `$p0`, `$p1` and so on. A value may be
 * used in a line above its definition, because blocks stand in any order.
 */
import { StateLayout, type StateSlot, type StateSlotDeclaration } from "../guest_state.ts";
import { parseOrder } from "../memory_order.ts";
import {
  type AttributeKind,
  type Opcode,
  opcodeRow,
  OPCODES,
  RMW_OPERATIONS,
  type RmwOperation,
} from "../opcodes.ts";
import { resultType } from "../operation_types.ts";
import {
  type Attribute,
  type Block,
  type EntryCondition,
  type FunctionSignature,
  type MemoryAttribute,
  type Operation,
  Region,
  type SlotAttribute,
  type Value,
  WORD_RANGES,
} from "../region.ts";
import type { MemoryWidth, ValueType } from "../types.ts";
import { Cursor, isMark } from "./cursor.ts";
import { type Token, tokenize } from "./lexer.ts";
import { TERMINATOR_PARSERS } from "./terminator_parser.ts";

/** What a text holds. */
export interface ParsedModule {
  /** The layout given, or the one that the text declares. */
  readonly layout: StateLayout;
  /** Regions in text order. */
  readonly regions: readonly Region[];
}

/**
 * Parses state declarations and regions; with a layout given, the text declares none.
 * @throws {SyntaxError} naming line and column.
 */
export function parseModule(text: string, layout?: StateLayout): ParsedModule {
  const cursor = new Cursor(tokenize(text));
  const known = layout ?? parseLayout(cursor);
  const regions: Region[] = [];
  cursor.skipNewlines();
  while (!cursor.isAt("end")) {
    regions.push(new RegionParser(cursor, known).parse());
    cursor.skipNewlines();
  }
  return { layout: known, regions };
}

/**
 * Parses one region over a known layout.
 * @throws {SyntaxError} naming line and column.
 */
export function parseRegion(text: string, layout: StateLayout): Region {
  const { regions } = parseModule(text, layout);
  if (regions.length !== 1) {
    throw new SyntaxError(`Cannot parse IR: ${regions.length} regions, expected one`);
  }
  return regions[0];
}

const WIDTHS: readonly number[] = [8, 16, 32, 64];
const BLOCK_NAME = /^b(\d+)$/;
const ACCESS = /^([su])(\d+)$/;

function parseLayout(cursor: Cursor): StateLayout {
  const declarations: StateSlotDeclaration[] = [];
  cursor.skipNewlines();
  while (cursor.accept("word", "state")) {
    const name = cursor.expect("word", "a slot name").text;
    cursor.expectMark(":");
    const place = cursor.token;
    const type = cursor.type();
    if (type !== "i32" && type !== "i64") cursor.fail("expected an integer type", place);
    let count = 1;
    if (cursor.accept("mark", "[")) {
      count = cursor.number();
      cursor.expectMark("]");
    }
    declarations.push({ name, type, count, promotable: cursor.accept("word", "promotable") });
    cursor.expectNewline();
  }
  return new StateLayout(declarations);
}

function parseSignature(cursor: Cursor): FunctionSignature {
  const name = cursor.expect("symbol", "a name with @").text;
  const parameters: ValueType[] = [];
  cursor.expectMark("(");
  if (!cursor.isAt("mark", ")")) {
    do parameters.push(cursor.type()); while (cursor.accept("mark", ","));
  }
  cursor.expectMark(")");
  const result = cursor.accept("mark", "->") ? cursor.type() : "void";
  return { name, parameters, result };
}

/** Parses one region. Names of values are resolved at its end, when all definitions are known. */
class RegionParser {
  readonly #cursor: Cursor;
  readonly #layout: StateLayout;
  readonly #region: Region;
  readonly #blocks = new Map<string, Block>();
  readonly #values = new Map<string, Operation>();
  readonly #resolutions: (() => void)[] = [];

  constructor(cursor: Cursor, layout: StateLayout) {
    this.#cursor = cursor;
    this.#layout = layout;
    this.#region = this.#parseHead();
  }

  parse(): Region {
    const cursor = this.#cursor;
    cursor.expectMark("{");
    cursor.expectNewline();
    this.#declareNames(cursor.regionTokens());
    while (cursor.accept("word", "var")) this.#parseVariable();
    while (cursor.accept("word", "entry")) this.#parseEntry();
    while (!cursor.isAt("mark", "}")) this.#parseBlock();
    cursor.expectMark("}");
    cursor.expectNewline();
    for (const resolve of this.#resolutions) resolve();
    return this.#region;
  }

  #parseHead(): Region {
    const cursor = this.#cursor;
    if (cursor.accept("word", "function")) {
      const signature = parseSignature(cursor);
      return new Region(signature.name, "function", signature);
    }
    for (const kind of ["region", "handler"] as const) {
      if (!cursor.accept("word", kind)) continue;
      return new Region(cursor.expect("symbol", "a name with @").text, kind);
    }
    return cursor.fail('expected "region", "handler" or "function"');
  }

  /** Makes the blocks in text order, and keeps ids of named values free for them. */
  #declareNames(tokens: readonly Token[]): void {
    tokens.forEach((token, index) => {
      const id = token.kind === "word" ? BLOCK_NAME.exec(token.text)?.[1] : undefined;
      const isLabel = id !== undefined && isMark(tokens[index + 1], ":");
      if (!isLabel) return;
      if (this.#blocks.has(token.text)) this.#cursor.fail("block is defined twice", token);
      this.#blocks.set(token.text, this.#region.addBlock(Number(id)));
    });
    const ids = tokens.filter((token) => token.kind === "value").map((token) => Number(token.text));
    this.#region.reserveOperations(ids.reduce((a, b) => Math.max(a, b), -1));
  }

  #parseVariable(): void {
    const cursor = this.#cursor;
    const token = cursor.expect("variable", "a name with $");
    if (this.#region.variables.some((variable) => variable.name === token.text)) {
      cursor.fail("variable is declared twice", token);
    }
    cursor.expectMark(":");
    this.#region.addVariable(token.text, cursor.type());
    cursor.expectNewline();
  }

  #parseEntry(): void {
    const block = this.#block();
    const offset = this.#cursor.number();
    const conditions: EntryCondition[] = [];
    if (this.#cursor.accept("word", "if")) {
      do conditions.push(this.#parseCondition()); while (this.#cursor.accept("mark", ","));
    }
    this.#region.entries.push(
      conditions.length === 0 ? { block, offset } : { block, offset, conditions },
    );
    this.#cursor.expectNewline();
  }

  #parseCondition(): EntryCondition {
    const element = this.#parseSlot();
    const token = this.#cursor.expect("word", "a range");
    const range = WORD_RANGES.find((known) => known === token.text);
    if (range === undefined) return this.#cursor.fail("expected s32 or u31", token);
    return { ...element, range };
  }

  #parseBlock(): void {
    const cursor = this.#cursor;
    const block = this.#block();
    cursor.expectMark(":");
    cursor.expectNewline();
    while (block.terminator === null) {
      const end = this.#parseEnd(block);
      if (!end) block.operations.push(this.#parseOperation());
      cursor.expectNewline();
    }
    block.instructions =
      block.operations.filter(({ opcode }) => opcode === "guest.boundary").length;
  }

  #block(): Block {
    const token = this.#cursor.expect("word", "a block");
    return this.#blocks.get(token.text) ?? this.#cursor.fail("unknown block", token);
  }

  // --- values ---------------------------------------------------------------------------------------

  #parseOperation(): Operation {
    const cursor = this.#cursor;
    const name = cursor.isAt("value") ? cursor.next() : null;
    if (name !== null) cursor.expectMark("=");
    const token = cursor.expect("word", "an opcode or an end of the block");
    const opcode = isOpcode(token.text) ? token.text : cursor.fail("unknown opcode", token);
    const attribute = this.#parseAttribute(opcodeRow(opcode).attribute, opcode);
    const type = resultType(opcode, attribute);
    if (name !== null && type === "void") cursor.fail("opcode has no value", token);
    const id = name === null ? undefined : Number(name.text);
    const operation = this.#region.makeOperation(opcode, type, [], attribute, id);
    if (name !== null) this.#define(name, operation);
    const operands = cursor.isAt("value") ? this.#valueTokens() : [];
    this.#resolutions.push(() => {
      for (const operand of operands) operation.operands.push(this.#resolve(operand));
    });
    return operation;
  }

  #define(name: Token, operation: Operation): void {
    if (this.#values.has(name.text)) this.#cursor.fail("value is defined twice", name);
    this.#values.set(name.text, operation);
  }

  #resolve(name: Token): Value {
    return this.#values.get(name.text) ?? this.#cursor.fail("value is never defined", name);
  }

  #valueTokens(): Token[] {
    const tokens = [this.#cursor.expect("value", "a value")];
    while (this.#cursor.accept("mark", ",")) tokens.push(this.#cursor.expect("value", "a value"));
    return tokens;
  }

  // --- attributes -----------------------------------------------------------------------------------

  #parseAttribute(kind: AttributeKind, opcode: Opcode): Attribute {
    const cursor = this.#cursor;
    switch (kind) {
      case "none":
        return null;
      case "constant":
        return { constant: cursor.constant() };
      case "slot":
        return this.#parseSlot();
      case "variable": {
        const token = cursor.expect("variable", "a name with $");
        const variable = this.#region.variables.find(({ name }) => name === token.text);
        return { variable: variable ?? cursor.fail("unknown variable", token) };
      }
      case "field":
        return { field: cursor.expect("word", "a field").text };
      case "memory":
        return this.#parseMemory(opcode);
      case "order":
        return { order: this.#parseOrder() };
      case "callee":
        return this.#parseCallee();
      case "boundary": {
        const offset = cursor.number();
        cursor.expectWord("length");
        const length = cursor.number();
        cursor.expectWord("index");
        return { offset, length, index: cursor.number() };
      }
      case "offset":
        return { offset: cursor.number() };
    }
  }

  #parseCallee(): Attribute {
    const cursor = this.#cursor;
    const callee = parseSignature(cursor);
    if (!cursor.accept("word", "changing")) return { callee };
    const changes: StateSlot[] = [];
    cursor.expectMark("[");
    if (!cursor.isAt("mark", "]")) {
      do changes.push(this.#parseSlotName()); while (cursor.accept("mark", ","));
    }
    cursor.expectMark("]");
    return { callee, changes };
  }

  #parseSlotName(): StateSlot {
    const cursor = this.#cursor;
    const token = cursor.expect("word", "a state slot");
    const isKnown = [...this.#layout.slots()].some(({ name }) => name === token.text);
    if (!isKnown) cursor.fail("unknown state slot", token);
    return this.#layout.slot(token.text);
  }

  #parseSlot(): SlotAttribute {
    const cursor = this.#cursor;
    const slot = this.#parseSlotName();
    let index = 0;
    if (cursor.accept("mark", "[")) {
      index = cursor.number();
      cursor.expectMark("]");
    }
    return { slot, index };
  }

  #parseMemory(opcode: Opcode): MemoryAttribute {
    const cursor = this.#cursor;
    const rmw = opcode === "guest.rmw" ? this.#parseUpdate() : undefined;
    const token = cursor.expect("word", "an access such as u32");
    const [, sign, bits] = ACCESS.exec(token.text) ?? [];
    const width = Number(bits);
    if (!WIDTHS.includes(width)) cursor.fail("expected an access such as u32", token);
    const order = cursor.isAt("word") ? this.#parseOrder() : 0;
    const access = { width: width as MemoryWidth, signed: sign === "s", order };
    return rmw === undefined ? access : { ...access, rmw };
  }

  #parseUpdate(): RmwOperation {
    const update = RMW_OPERATIONS.find((known) => this.#cursor.isAt("word", known));
    if (update === undefined) {
      this.#cursor.fail(`expected an update: ${RMW_OPERATIONS.join(", ")}`);
    }
    this.#cursor.next();
    return update;
  }

  #parseOrder(): number {
    const token = this.#cursor.expect("word", "a memory order");
    try {
      return parseOrder(token.text);
    } catch {
      return this.#cursor.fail("expected a memory order such as rr+rw", token);
    }
  }

  // --- ends of blocks -------------------------------------------------------------------------------

  /** Parses an end of the block if one stands here; it is complete after resolution. */
  #parseEnd(block: Block): boolean {
    const cursor = this.#cursor;
    const { token } = cursor;
    const parse = token.kind === "word" ? TERMINATOR_PARSERS.get(token.text) : undefined;
    if (parse === undefined) return false;
    // `call` is both an operation and an end; only the former names a function.
    if (token.text === "call" && cursor.following.kind === "symbol") return false;
    cursor.next();
    const end = parse({
      cursor,
      block: () => this.#block(),
      value: () => {
        const operand = cursor.expect("value", "a value");
        return () => this.#resolve(operand);
      },
      comma: () => cursor.expectMark(","),
    });
    // Marks the block as ended until the values are known.
    block.terminator = { kind: "next" };
    this.#resolutions.push(() => block.terminator = end());
    return true;
  }
}

function isOpcode(text: string): text is Opcode {
  return Object.hasOwn(OPCODES, text);
}
