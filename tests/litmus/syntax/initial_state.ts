/**
 * The initial state of a litmus test: what stands between its braces.
 *
 * ```text
 * uint64_t x; y=2;           locations, of 4 bytes without a type
 * page v=x;                  a virtual page that maps the page of x, at the place of x in it
 * page w=entry(y, readonly); one whose entry is not whole
 * 0:x5=x; 0:x6=v; 0:x7=3;    registers: addresses, numbers
 * 1:x5=PTE(v);               the address of a page's entry
 * 1:x6=entry(y, clean);      the value of an entry
 * ```
 */
import { parseInteger, parseRegister } from "./instruction_parser.ts";
import { ENTRY_BYTES, entryName, isEntryName, type PageEntry, pageEntry } from "./page_entry.ts";
import type { SourceText } from "./source_error.ts";

/** An initial value: an integer, the address of a location or page, or a page table entry. */
export type InitialValue = bigint | { readonly location: string } | { readonly entry: PageEntry };

/** A variable in memory; the entry of a page is one too. */
export interface Location {
  readonly name: string;
  readonly bytes: number;
  readonly initial: InitialValue;
}

/** A virtual page. */
export interface Page {
  readonly name: string;
  /** Its entry at the start. */
  readonly entry: PageEntry;
}

const TYPE_BYTES: Readonly<Record<string, number>> = {
  int: 4,
  uint8_t: 1,
  int8_t: 1,
  uint16_t: 2,
  int16_t: 2,
  uint32_t: 4,
  int32_t: 4,
  uint64_t: 8,
  int64_t: 8,
};
const DEFAULT_BYTES = 4;
const BITS_PER_BYTE = 8;
const NAME = "[A-Za-z_]\\w*";
const PAGE = new RegExp(`^page\\s+(${NAME})\\s*=\\s*`);
const ENTRY = new RegExp(`^entry\\(\\s*(${NAME})\\s*((?:,\\s*\\w+\\s*)*)\\)$`);
const ADDRESS = new RegExp(`^(?:&?(${NAME})|(PTE\\(${NAME}\\)))$`);

/** A name that a value speaks of, where it stands. */
interface Target {
  readonly place: SourceText;
  /** Does a page table entry map it? */
  readonly isMapped: boolean;
}

/** Reads an initial state. */
export class InitialState {
  readonly locations = new Map<string, Location>();
  readonly pages = new Map<string, Page>();
  readonly registers: Map<number, InitialValue>[] = [];
  readonly #targets: Target[] = [];

  constructor(source: SourceText) {
    for (const item of source.split(";").map((part) => part.trim())) {
      if (item.text !== "") this.#parse(item);
    }
    for (const target of this.#targets) this.#declare(target);
    for (const { name, entry } of this.pages.values()) {
      const own = entryName(name);
      this.locations.set(own, { name: own, bytes: ENTRY_BYTES, initial: { entry } });
    }
  }

  #parse(item: SourceText): void {
    const register = /^(\d+):(\w+)\s*=\s*/.exec(item.text);
    if (register === null) return this.#parseVariable(item);
    const at = register[1].length + 1;
    const number = parseRegister(item.slice(at, at + register[2].length));
    const value = this.#value(item.slice(register[0].length));
    (this.registers[Number(register[1])] ??= new Map()).set(number, value);
  }

  #parseVariable(item: SourceText): void {
    const page = PAGE.exec(item.text);
    if (page === null) return this.#parseLocation(item);
    const [all, name] = page;
    const value = this.#value(item.slice(all.length), true);
    if (typeof value === "bigint") return item.slice(all.length).fail("a page maps a location");
    const entry = "entry" in value ? value.entry : pageEntry(value.location, []);
    if (entry !== null) this.pages.set(name, { name, entry });
  }

  #parseLocation(item: SourceText): void {
    const found = /^(?:(\w+)\s+)?([A-Za-z_]\w*)\s*(=\s*)?/.exec(item.text);
    if (found === null) return item.fail(`"${item.text}" is no initial value`);
    const [all, type, name, equals] = found;
    if (type !== undefined && !Object.hasOwn(TYPE_BYTES, type)) item.fail(`no type "${type}"`);
    if (equals === undefined && all.length < item.text.length) {
      item.fail(`"${item.text}" is no initial value`);
    }
    const bytes = type === undefined ? DEFAULT_BYTES : TYPE_BYTES[type];
    const initial = equals === undefined ? 0n : this.#value(item.slice(all.length));
    this.locations.set(name, {
      name,
      bytes,
      initial: typeof initial === "bigint"
        ? BigInt.asUintN(bytes * BITS_PER_BYTE, initial)
        : initial,
    });
  }

  /** @param isMapped does the value, when it is a location, stand for an entry that maps it? */
  #value(text: SourceText, isMapped = false): InitialValue {
    const entry = ENTRY.exec(text.text);
    if (entry !== null) {
      const at = text.text.indexOf(entry[1], text.text.indexOf("("));
      this.#targets.push({ place: text.slice(at, at + entry[1].length), isMapped: true });
      return { entry: parseEntry(text, entry[1], entry[2]) };
    }
    const address = ADDRESS.exec(text.text);
    if (address === null) return parseInteger(text);
    const location = address[1] ?? address[2];
    this.#targets.push({ place: text.slice(text.text.length - location.length), isMapped });
    return { location };
  }

  /** The name of a location that is not declared declares it. */
  #declare({ place, isMapped }: Target): void {
    const name = place.text;
    if (isMapped && this.pages.has(name)) place.fail(`page "${name}" is no location to be mapped`);
    if (isEntryName(name)) {
      const isOwned = [...this.pages.keys()].some((page) => entryName(page) === name);
      if (isMapped || !isOwned) place.fail(`no page has the entry ${name}`);
    } else if (!this.locations.has(name) && !this.pages.has(name)) {
      this.locations.set(name, { name, bytes: DEFAULT_BYTES, initial: 0n });
    }
  }
}

function parseEntry(place: SourceText, target: string, options: string): PageEntry {
  const names = options.split(",").map((name) => name.trim()).filter((name) => name !== "");
  return pageEntry(target, names) ?? place.fail(`"${place.text}" is no page table entry`);
}
