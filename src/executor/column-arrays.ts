// Rows turned into one array per column, in binary array format, without decoding a value: the bytes of a value in a
// DataRow and in an array are the same (length, value). So any number of rows travels to a shard as a few parameters,
// where `unnest` makes rows of them again.
import { headerBytes } from "../pgwire/message-type.ts";

/** ndim, has-null flag, element type, count, lower bound. */
const arrayHeaderBytes = 20;

class ColumnArray {
  #bytes = Buffer.allocUnsafe(1024);
  #end = arrayHeaderBytes;
  #hasNull = false;
  readonly elementType: number;

  constructor(elementType: number) {
    this.elementType = elementType;
  }

  /** `source[start, end)` is a length and its value, as in DataRow. */
  add(source: Buffer, start: number, end: number): void {
    const size = end - start;
    if (this.#end + size > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + size));
      this.#bytes.copy(larger, 0, 0, this.#end);
      this.#bytes = larger;
    }
    source.copy(this.#bytes, this.#end, start, end);
    if (source.readInt32BE(start) < 0) this.#hasNull = true;
    this.#end += size;
  }

  encode(count: number): Buffer {
    if (count === 0) {
      const empty = Buffer.alloc(12);
      empty.writeUInt32BE(this.elementType, 8);
      return empty;
    }
    this.#bytes.writeInt32BE(1, 0);
    this.#bytes.writeInt32BE(this.#hasNull ? 1 : 0, 4);
    this.#bytes.writeUInt32BE(this.elementType, 8);
    this.#bytes.writeInt32BE(count, 12);
    this.#bytes.writeInt32BE(1, 16);
    return this.#bytes.subarray(0, this.#end);
  }
}

export class ColumnArrays {
  readonly #columns: readonly ColumnArray[];
  count = 0;

  constructor(elementTypes: readonly number[]) {
    this.#columns = elementTypes.map((type) => new ColumnArray(type));
  }

  /** Adds the DataRow message at `start`; returns the offset behind it. */
  addRow(batch: Buffer, start: number): number {
    let at = start + headerBytes + 2;
    for (const column of this.#columns) {
      const length = batch.readInt32BE(at);
      const end = at + 4 + Math.max(0, length);
      column.add(batch, at, end);
      at = end;
    }
    this.count++;
    return start + 1 + batch.readInt32BE(start + 1);
  }

  /** One value per column: the whole array. */
  encode(): Buffer[] {
    return this.#columns.map((column) => column.encode(this.count));
  }
}
