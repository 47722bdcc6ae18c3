// Rows in COPY's binary format: a header, rows of a field count and fields with their lengths, a trailer. Manual: COPY,
// "Binary Format". Header and trailer go to every shard.
import { SqlError } from "../pgwire/sql-error.ts";
import type { KeyRouter } from "./copy-key-router.ts";
import type { RowScanner } from "./copy-split.ts";
import { keyByColumn } from "./key-by-column.ts";

export const copySignature = Buffer.from("PGCOPY\n\xff\r\n\0", "latin1");
/** Signature, flags, length of the extension. */
export const copyHeaderBytes = copySignature.length + 8;
const countBytes = 2;

export class BinaryScanner implements RowScanner {
  start = 0;
  position = 0;
  isLast = false;
  everywhere: "frame" | undefined = "frame";
  readonly hasInnerLines = false;
  #router: KeyRouter;
  #fieldCount: number;
  #keyOf: Int16Array;
  /** Of each component of the shard key; an end of -1 is NULL. */
  #starts: Int32Array;
  #ends: Int32Array;
  /** Fields of the row whose length has not been read yet; -1: nor has their count. */
  #fieldsLeft = -1;
  /** Bytes of the present field, or of the header's extension, that are still to come. */
  #bytesLeft = 0;
  #hasHeader = false;

  constructor(fieldCount: number, router: KeyRouter) {
    this.#router = router;
    this.#fieldCount = fieldCount;
    this.#keyOf = keyByColumn(router.columns);
    this.#starts = new Int32Array(router.columns.length);
    this.#ends = new Int32Array(router.columns.length);
  }

  scan(bytes: Buffer, length: number, isEnd: boolean): boolean {
    const isComplete = this.#hasHeader ? this.#scanRow(bytes, length) : this.#scanHeader(bytes, length);
    if (isComplete || !isEnd) return isComplete;
    if (!this.#hasHeader) throw badFile("COPY file signature not recognized");
    // A single byte where a row could begin counts as the end, as in PostgreSQL.
    if (this.#fieldsLeft >= 0) throw badFile("unexpected EOF in COPY data");
    return false;
  }

  #scanHeader(bytes: Buffer, length: number): boolean {
    const signed = Math.min(length, copySignature.length);
    if (bytes.compare(copySignature, 0, signed, 0, signed) !== 0) throw badFile("COPY file signature not recognized");
    if (length < copyHeaderBytes) return false;
    const extensionBytes = bytes.readInt32BE(copyHeaderBytes - 4);
    if (extensionBytes < 0) throw badFile("invalid COPY file header (missing length)");
    if (length < copyHeaderBytes + extensionBytes) return false;
    this.#hasHeader = true;
    this.position = copyHeaderBytes + extensionBytes;
    return true;
  }

  #scanRow(bytes: Buffer, length: number): boolean {
    let at = this.position;
    if (this.#fieldsLeft < 0) {
      if (at + countBytes > length) return false;
      const count = bytes.readInt16BE(at);
      at += countBytes;
      if (count === -1) {
        this.isLast = true;
        this.everywhere = "frame";
        this.position = at;
        return true;
      }
      if (count !== this.#fieldCount) {
        throw badFile(`row field count is ${count}, expected ${this.#fieldCount}`);
      }
      this.#fieldsLeft = count;
    }
    for (;;) {
      const step = Math.min(this.#bytesLeft, length - at);
      at += step;
      this.#bytesLeft -= step;
      if (this.#bytesLeft > 0 || this.#fieldsLeft === 0 || at + 4 > length) break;
      const size = bytes.readInt32BE(at);
      if (size < -1) throw badFile("invalid field size");
      at += 4;
      this.#fieldsLeft--;
      this.#bytesLeft = Math.max(0, size);
    }
    this.position = at;
    return this.#bytesLeft === 0 && this.#fieldsLeft === 0;
  }

  shard(bytes: Buffer): number {
    if (!this.#findKey(bytes)) return -1;
    const router = this.#router;
    router.begin();
    for (let i = 0; i < this.#starts.length; i++) {
      if (this.#ends[i]! < 0) router.addNull();
      router.add(i, bytes, this.#starts[i]!, this.#ends[i]!);
    }
    return router.shard();
  }

  /** false: a part of the key is still to come. */
  #findKey(bytes: Buffer): boolean {
    const keyOf = this.#keyOf;
    let at = this.start + countBytes;
    for (let column = 0; column < keyOf.length; column++) {
      if (at + 4 > this.position) return false;
      const size = bytes.readInt32BE(at);
      at += 4;
      const end = size < 0 ? at : at + size;
      if (end > this.position) return false;
      const key = keyOf[column]!;
      if (key >= 0) {
        this.#starts[key] = at;
        this.#ends[key] = size < 0 ? -1 : end;
      }
      at = end;
    }
    return true;
  }

  afterLast(): void {
    throw badFile("received copy data after EOF marker");
  }

  next(): void {
    this.start = this.position;
    this.everywhere = undefined;
    this.#fieldsLeft = -1;
  }

  moved(): void {
    this.position -= this.start;
    this.start = 0;
  }
}

function badFile(message: string): SqlError {
  return new SqlError({ code: "22P04", message });
}
