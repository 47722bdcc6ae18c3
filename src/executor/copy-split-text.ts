// Rows in COPY's text format: a line each, fields between delimiters, backslash escapes. Escapes are looked into for the
// columns of the shard key only. Source: CopyReadLineText and CopyReadAttributesText in copyfromparse.c.
import type { CopyFormat } from "../planner/plan.ts";
import type { KeyRouter } from "./copy-key-router.ts";
import { carriageReturn, LineEnd, newline } from "./copy-line-end.ts";
import type { RowScanner } from "./copy-split.ts";
import { keyByColumn } from "./key-by-column.ts";
import { plainBytesMax, SpecialBytes } from "./special-bytes.ts";
import { afterTextEscape, backslash, unescapeText } from "./unescape-text.ts";

const dot = 0x2e;

export class TextScanner implements RowScanner {
  start = 0;
  position = 0;
  isLast = false;
  everywhere: "line" | undefined;
  readonly hasInnerLines = false;
  #router: KeyRouter;
  #delimiter: number;
  #null: Buffer;
  #keyOf: Int16Array;
  #fieldCount: number;
  #special = new SpecialBytes([newline, carriageReturn, backslash]);
  #lineEnd = new LineEnd("text");
  /** Where the line's text ends: at the line end, or at the end marker. */
  #textEnd = 0;
  /** Of each component of the shard key. */
  #starts: Int32Array;
  #ends: Int32Array;
  #isEscaped: Uint8Array;

  constructor(format: CopyFormat, fieldCount: number, router: KeyRouter) {
    this.#router = router;
    this.#fieldCount = fieldCount;
    this.#delimiter = format.delimiter.charCodeAt(0);
    this.#null = Buffer.from(format.null);
    this.#keyOf = keyByColumn(router.columns);
    this.everywhere = format.header ? "line" : undefined;
    const count = router.columns.length;
    this.#starts = new Int32Array(count);
    this.#ends = new Int32Array(count);
    this.#isEscaped = new Uint8Array(count);
  }

  scan(bytes: Buffer, length: number, isEnd: boolean): boolean {
    const isSpecial = this.#special.table;
    let at = this.position;
    while (at < length) {
      const plainEnd = Math.min(length, at + plainBytesMax);
      while (at < plainEnd && isSpecial[bytes[at]!] === 0) at++;
      if (at === plainEnd) {
        at = this.#special.find(bytes, at, length);
        if (at === length) break;
      }
      if (bytes[at] === backslash) {
        if (at + 1 === length) {
          if (!isEnd) break;
          at++;
        } else if (bytes[at + 1] !== dot) {
          at += 2;
        } else {
          // The end marker \. with its line end: whether they are as they must be, PostgreSQL decides.
          if (at + 4 > length && !isEnd) break;
          this.isLast = true;
          this.#textEnd = at;
          this.position = Math.min(at + 4, length);
          return true;
        }
      } else {
        const endLength = this.#lineEnd.lengthAt(bytes, at, length, isEnd);
        if (endLength < 0) break;
        this.#textEnd = at;
        this.position = at + endLength;
        return true;
      }
    }
    this.position = at;
    if (!isEnd || at === this.start) return false;
    this.#textEnd = at;
    return true;
  }

  shard(bytes: Buffer, isPart: boolean): number {
    const router = this.#router;
    // A line that is only the end marker.
    if (this.isLast && this.#textEnd === this.start) return router.any();
    const found = this.#findKey(bytes, isPart ? this.position : this.#textEnd);
    if (isPart && found !== "behind") return -1;
    if (found === "missing") return router.any();
    router.begin();
    for (let i = 0; i < this.#starts.length; i++) {
      const start = this.#starts[i]!;
      const end = this.#ends[i]!;
      if (end - start === this.#null.length && bytes.compare(this.#null, 0, this.#null.length, start, end) === 0) {
        router.addNull();
      }
      if (this.#isEscaped[i] === 0) {
        router.add(i, bytes, start, end);
      } else {
        const value = unescapeText(bytes, start, end);
        router.add(i, value, 0, value.length);
      }
    }
    return router.shard();
  }

  /** "behind": there is more in the line behind the key; "missing": there are too few fields. */
  #findKey(bytes: Buffer, end: number): "behind" | "last" | "missing" {
    const delimiter = this.#delimiter;
    const keyOf = this.#keyOf;
    let at = this.start;
    for (let column = 0; ; column++) {
      const start = at;
      let fieldEnd = end;
      let isEscaped = 0;
      let isDelimited = false;
      while (at < end) {
        const byte = bytes[at]!;
        if (byte === delimiter) {
          fieldEnd = at++;
          isDelimited = true;
          break;
        }
        if (byte !== backslash) {
          at++;
        } else if (at + 1 >= end) {
          // A backslash at the end of the data counts for nothing.
          fieldEnd = at++;
        } else {
          isEscaped = 1;
          at = afterTextEscape(bytes, at, end);
        }
      }
      const key = keyOf[column]!;
      if (key >= 0) {
        this.#starts[key] = start;
        this.#ends[key] = fieldEnd;
        this.#isEscaped[key] = isEscaped;
      }
      if (!isDelimited && column < this.#fieldCount - 1) return "missing";
      if (column === keyOf.length - 1) return isDelimited ? "behind" : "last";
    }
  }

  afterLast(): void {
    // What follows the end marker is ignored, as PostgreSQL does.
  }

  next(): void {
    this.start = this.position;
    this.everywhere = undefined;
  }

  moved(): void {
    this.position -= this.start;
    this.start = 0;
    this.#special.forget();
  }
}
