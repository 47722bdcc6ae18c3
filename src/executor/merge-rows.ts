// Sorted rows of several shards into one sorted stream. The sort keys are the last columns of a row, in binary; the row
// goes on to the client without them.
import { backend, headerBytes } from "../pgwire/message-type.ts";
import type { Field } from "../pgwire/row-description.ts";
import type { SortKey } from "../planner/plan.ts";
import { refuse } from "../planner/refuse.ts";
import { type CompareValues, comparatorOf } from "./compare-values.ts";
import type { ShardRows } from "./shard-rows.ts";

interface Key {
  readonly compare: CompareValues;
  readonly sign: 1 | -1;
  /** Rank of NULL against a value: 1 last, -1 first. */
  readonly nullRank: 1 | -1;
  readonly column: number;
}

/** The row at which one shard's stream stands. */
class Cursor {
  readonly rows: ShardRows;
  readonly #keys: readonly Key[];
  readonly #firstHidden: number;
  batch: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  /** Where the hidden columns begin: the visible part of the row ends here. */
  visibleEnd = 0;
  /** Start and end of each key's value; start -1 is NULL. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;

  constructor(rows: ShardRows, keys: readonly Key[], firstHidden: number) {
    this.rows = rows;
    this.#keys = keys;
    this.#firstHidden = firstHidden;
    this.starts = new Int32Array(keys.length);
    this.ends = new Int32Array(keys.length);
  }

  /** Goes to the next row of the batch; false at its end. */
  advance(): boolean {
    this.start = this.end;
    if (this.start >= this.batch.length) return false;
    this.end = this.start + 1 + this.batch.readInt32BE(this.start + 1);
    let at = this.start + headerBytes + 2;
    for (let column = 0; column < this.#firstHidden; column++) {
      const length = this.batch.readInt32BE(at);
      at += length < 0 ? 4 : 4 + length;
    }
    this.visibleEnd = at;
    for (let i = 0; i < this.#keys.length; i++) {
      const length = this.batch.readInt32BE(at);
      at += 4;
      this.starts[i] = length < 0 ? -1 : at;
      if (length > 0) at += length;
      this.ends[i] = at;
    }
    return true;
  }

  take(batch: Buffer): void {
    this.batch = batch;
    this.end = 0;
  }

  compare(other: Cursor): number {
    for (let i = 0; i < this.#keys.length; i++) {
      const { compare, sign, nullRank } = this.#keys[i]!;
      const a = this.starts[i]!;
      const b = other.starts[i]!;
      if (a < 0 || b < 0) {
        if (a < 0 && b < 0) continue;
        return a < 0 ? nullRank : -nullRank;
      }
      const order = compare(this.batch, a, this.ends[i]!, other.batch, b, other.ends[i]!);
      if (order !== 0) return order * sign;
    }
    return 0;
  }
}

const outputBytes = 32 * 1024;

/** Yields batches of rows in order, without their hidden columns. The keys are the last columns, in their order. */
export async function* mergeRows(
  streams: readonly ShardRows[],
  orderBy: readonly SortKey[],
  fields: readonly Field[],
): AsyncGenerator<Buffer> {
  const visible = fields.length - orderBy.length;
  const keys = orderBy.map((key, i): Key => {
    const compare = comparatorOf(fields[visible + i]!.typeOid);
    if (compare === undefined) throw refuse("SG001", "ORDER BY of a type that only one PostgreSQL can compare");
    return {
      compare,
      sign: key.descending ? -1 : 1,
      nullRank: key.nullsFirst ? -1 : 1,
      column: key.column,
    };
  });
  /** Sorted: the smallest row's stream last, so that taking it off is cheap. */
  const cursors: Cursor[] = [];
  const insert = (cursor: Cursor) => {
    let at = cursors.length;
    while (at > 0 && cursor.compare(cursors[at - 1]!) > 0) at--;
    cursors.splice(at, 0, cursor);
  };
  for (const rows of streams) {
    const cursor = new Cursor(rows, keys, visible);
    if (await nextRow(cursor)) insert(cursor);
  }
  let output = Buffer.allocUnsafe(outputBytes);
  let filled = 0;
  while (cursors.length > 0) {
    const cursor = cursors.pop()!;
    const length = cursor.visibleEnd - cursor.start;
    if (filled + length > output.length) {
      if (filled > 0) yield output.subarray(0, filled);
      output = Buffer.allocUnsafe(Math.max(outputBytes, length));
      filled = 0;
    }
    cursor.batch.copy(output, filled, cursor.start, cursor.visibleEnd);
    output[filled] = backend.dataRow;
    output.writeInt32BE(length - 1, filled + 1);
    output.writeUInt16BE(visible, filled + headerBytes);
    filled += length;
    if (cursor.advance() || (await nextRow(cursor))) insert(cursor);
  }
  if (filled > 0) yield output.subarray(0, filled);
}

async function nextRow(cursor: Cursor): Promise<boolean> {
  const batch = await cursor.rows.next();
  if (batch === undefined) return false;
  cursor.take(batch);
  return cursor.advance();
}
