// Rows in COPY's CSV format: fields may be quoted, and lines go on within quotes. Source: CopyReadLineText and
// CopyReadAttributesCSV in copyfromparse.c.
import type { CopyFormat } from "../planner/plan.ts";
import type { KeyRouter } from "./copy-key-router.ts";
import { carriageReturn, LineEnd, newline } from "./copy-line-end.ts";
import type { RowScanner } from "./copy-split.ts";
import { keyByColumn } from "./key-by-column.ts";
import { plainBytesMax, SpecialBytes } from "./special-bytes.ts";

const backslash = 0x5c;
const dot = 0x2e;

export class CsvScanner implements RowScanner {
  start = 0;
  position = 0;
  isLast = false;
  everywhere: "line" | undefined;
  hasInnerLines = false;
  #router: KeyRouter;
  #delimiter: number;
  #quote: number;
  #escape: number;
  #null: Buffer;
  #hasEndMarker: boolean;
  #keyOf: Int16Array;
  #fieldCount: number;
  #special: SpecialBytes;
  #lineEnd = new LineEnd("csv");
  #isQuoted = false;
  #wasEscape = false;
  #isBegun = false;
  #textEnd = 0;
  /** Of each component of the shard key, as it stands in the line. */
  #starts: Int32Array;
  #ends: Int32Array;
  #hasQuote: Uint8Array;

  /** `hasEndMarker`: a line \. ends the data, as in servers before PostgreSQL 18. */
  constructor(format: CopyFormat, fieldCount: number, router: KeyRouter, hasEndMarker: boolean) {
    this.#router = router;
    this.#fieldCount = fieldCount;
    this.#delimiter = format.delimiter.charCodeAt(0);
    this.#quote = format.quote.charCodeAt(0);
    this.#escape = format.escape.charCodeAt(0);
    this.#null = Buffer.from(format.null);
    this.#hasEndMarker = hasEndMarker;
    this.#keyOf = keyByColumn(router.columns);
    this.everywhere = format.header ? "line" : undefined;
    this.#special = new SpecialBytes([this.#quote, this.#escape, newline, carriageReturn]);
    const count = router.columns.length;
    this.#starts = new Int32Array(count);
    this.#ends = new Int32Array(count);
    this.#hasQuote = new Uint8Array(count);
  }

  scan(bytes: Buffer, length: number, isEnd: boolean): boolean {
    const isSpecial = this.#special.table;
    const quote = this.#quote;
    // A quote character that escapes itself only turns quoting off and on again.
    const escapeByte = this.#escape === quote ? -1 : this.#escape;
    let at = this.position;
    if (this.#hasEndMarker && !this.#isBegun && at < length) {
      if (bytes[at] === backslash) {
        if (at + 4 > length && !isEnd) return false;
        if (this.#isEndMarker(bytes, length)) return true;
      }
      this.#isBegun = true;
    }
    let isQuoted = this.#isQuoted;
    let wasEscape = this.#wasEscape;
    while (at < length) {
      const plainEnd = Math.min(length, at + plainBytesMax);
      const plainStart = at;
      while (at < plainEnd && isSpecial[bytes[at]!] === 0) at++;
      if (at === plainEnd) at = this.#special.find(bytes, at, length);
      if (at > plainStart) wasEscape = false;
      if (at === length) break;
      const byte = bytes[at]!;
      if (byte === carriageReturn && at + 1 === length && !isEnd) break;
      if (isQuoted && byte === escapeByte) wasEscape = !wasEscape;
      if (byte === quote && !wasEscape) isQuoted = !isQuoted;
      if (byte !== escapeByte) wasEscape = false;
      if (byte === newline || byte === carriageReturn) {
        if (isQuoted) {
          this.hasInnerLines = true;
        } else {
          this.#textEnd = at;
          this.position = at + this.#lineEnd.lengthAt(bytes, at, length, isEnd);
          return true;
        }
      }
      at++;
    }
    this.#isQuoted = isQuoted;
    this.#wasEscape = wasEscape;
    this.position = at;
    if (!isEnd || at === this.start) return false;
    this.#textEnd = at;
    return true;
  }

  /** Only alone on its line, and with the line end of the others. */
  #isEndMarker(bytes: Buffer, length: number): boolean {
    const at = this.start;
    const byteAt = (offset: number) => (at + offset < length ? bytes[at + offset]! : 0);
    if (byteAt(1) !== dot) return false;
    const { kind } = this.#lineEnd;
    const ends =
      kind === "\r\n"
        ? byteAt(2) === carriageReturn && byteAt(3) === newline
        : (byteAt(2) === newline && kind !== "\r") || (byteAt(2) === carriageReturn && kind !== "\n");
    if (!ends) return false;
    this.isLast = true;
    this.#textEnd = at;
    this.position = Math.min(at + 4, length);
    return true;
  }

  shard(bytes: Buffer, isPart: boolean): number {
    const router = this.#router;
    if (this.isLast) return router.any();
    const found = this.#findKey(bytes, isPart ? this.position : this.#textEnd);
    if (isPart && found !== "behind") return -1;
    if (found === "missing") return router.any();
    router.begin();
    for (let i = 0; i < this.#starts.length; i++) {
      const start = this.#starts[i]!;
      const end = this.#ends[i]!;
      if (this.#hasQuote[i] === 1) {
        const value = this.#unquote(bytes, start, end);
        router.add(i, value, 0, value.length);
        continue;
      }
      if (end - start === this.#null.length && bytes.compare(this.#null, 0, this.#null.length, start, end) === 0) {
        router.addNull();
      }
      router.add(i, bytes, start, end);
    }
    return router.shard();
  }

  /** "behind": there is more in the line behind the key; "missing": too few fields, or quotes that do not end. */
  #findKey(bytes: Buffer, end: number): "behind" | "last" | "missing" {
    const delimiter = this.#delimiter;
    const quote = this.#quote;
    const keyOf = this.#keyOf;
    let at = this.start;
    for (let column = 0; ; column++) {
      const start = at;
      let fieldEnd = end;
      let hasQuote = 0;
      let isDelimited = false;
      while (at < end) {
        const byte = bytes[at++]!;
        if (byte === delimiter) {
          fieldEnd = at - 1;
          isDelimited = true;
          break;
        }
        if (byte === quote) {
          hasQuote = 1;
          at = this.#afterQuoted(bytes, at, end);
          if (at < 0) return "missing";
        }
      }
      const key = keyOf[column]!;
      if (key >= 0) {
        this.#starts[key] = start;
        this.#ends[key] = fieldEnd;
        this.#hasQuote[key] = hasQuote;
      }
      if (!isDelimited && column < this.#fieldCount - 1) return "missing";
      if (column === keyOf.length - 1) return isDelimited ? "behind" : "last";
    }
  }

  /** Behind the closing quote; -1 when there is none. */
  #afterQuoted(bytes: Buffer, from: number, end: number): number {
    const quote = this.#quote;
    const escapeByte = this.#escape;
    for (let at = from; at < end; ) {
      const byte = bytes[at++]!;
      if (byte === escapeByte && at < end && (bytes[at] === escapeByte || bytes[at] === quote)) at++;
      else if (byte === quote) return at;
    }
    return -1;
  }

  /** The value of a field that has quotes, anywhere in it. */
  #unquote(bytes: Buffer, start: number, end: number): Buffer {
    const quote = this.#quote;
    const escapeByte = this.#escape;
    const value = Buffer.allocUnsafe(end - start);
    let length = 0;
    let isQuoted = false;
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      const next = bytes[at + 1];
      if (isQuoted && byte === escapeByte && at + 1 < end && (next === escapeByte || next === quote)) {
        value[length++] = next;
        at++;
      } else if (byte === quote) {
        isQuoted = !isQuoted;
      } else {
        value[length++] = byte;
      }
    }
    return value.subarray(0, length);
  }

  afterLast(): void {
    // What follows the end marker is ignored, as PostgreSQL does.
  }

  next(): void {
    this.start = this.position;
    this.everywhere = undefined;
    this.hasInnerLines = false;
    this.#isQuoted = false;
    this.#wasEscape = false;
    this.#isBegun = false;
  }

  moved(): void {
    this.position -= this.start;
    this.start = 0;
    this.#special.forget();
  }
}
