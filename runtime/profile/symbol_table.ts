/** Names of a program's functions, found by an address inside of them. */

/** A named place. */
export interface GuestSymbol {
  /** Its name. */
  readonly name: string;
  /** Its first address, see `guest_address.ts`. */
  readonly address: number;
  /** Bytes that it covers; 0 where that is not known: up to the next symbol. */
  readonly bytes: number;
}

/** Marks of code and data, labels inside of functions, and what Linux puts in front of functions. */
const NO_FUNCTION = /^(\$[a-z]|\.L|__pfx_)/;
/** Kinds of symbols in `System.map` and kernels that name code: text and weak, local or global. */
const CODE_KINDS = "tTwW";

/** Does the name stand for a function, and not for a mark that tools leave? */
export function isFunctionName(name: string): boolean {
  return name !== "" && !NO_FUNCTION.test(name);
}

/** Does the letter that Linux gives a symbol say that it names code? */
export function isCodeKind(letter: string): boolean {
  return CODE_KINDS.includes(letter);
}

/** Without a size and without a next symbol, a function is taken to end after this many bytes. */
const UNBOUNDED_BYTES = 0x1_0000;

/** See the header of this file. */
export class SymbolTable {
  readonly #symbols: readonly GuestSymbol[];

  /** Of several names for one address the first one with a size counts, else the first one. */
  constructor(symbols: readonly GuestSymbol[]) {
    const sorted = symbols.toSorted((a, b) =>
      a.address - b.address || Number(b.bytes > 0) - Number(a.bytes > 0)
    );
    this.#symbols = sorted.filter(({ address }, index) => sorted[index - 1]?.address !== address);
  }

  /** Number of places that have a name. */
  get size(): number {
    return this.#symbols.length;
  }

  /** The function around an address, if one is known. */
  find(address: number): GuestSymbol | undefined {
    const symbols = this.#symbols;
    let low = 0;
    let high = symbols.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (symbols[middle].address <= address) low = middle + 1;
      else high = middle;
    }
    const symbol = symbols[low - 1];
    if (symbol === undefined) return undefined;
    return address < endOf(symbol, symbols[low]) ? symbol : undefined;
  }

  /** The place of a name. */
  addressOf(name: string): number | undefined {
    return this.#symbols.find((symbol) => symbol.name === name)?.address;
  }

  /** The same names, all moved by a distance. */
  moved(distance: number): SymbolTable {
    return new SymbolTable(
      this.#symbols.map((symbol) => ({ ...symbol, address: symbol.address + distance })),
    );
  }
}

function endOf({ address, bytes }: GuestSymbol, next: GuestSymbol | undefined): number {
  if (bytes > 0) return address + bytes;
  return next === undefined ? address + UNBOUNDED_BYTES : next.address;
}
