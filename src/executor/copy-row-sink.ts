// Rows on their way to the shards: consecutive rows of one shard stay one slice until they are copied into CopyData.
import { assert } from "../base/assert.ts";
import { CopyDataWriter } from "./copy-data-writer.ts";
import { ShardLines } from "./copy-shard-lines.ts";

/** What a splitter does with the rows that it finds. Shards are counted from 0. */
export interface RowSink {
  /** A whole row, or with `isPart` the beginning of one, whose rest follows at once. */
  row(shard: number, bytes: Buffer, start: number, end: number, isPart: boolean): void;
  /** Not a row: a header, a trailer. `isLine`: PostgreSQL counts it as a line. */
  everywhere(bytes: Buffer, start: number, end: number, isLine: boolean): void;
  /** The memory of the rows is about to change. */
  release(): void;
  /** PostgreSQL counts lines otherwise from here on. */
  forgetLines(): void;
}

export class ShardRowSink implements RowSink {
  #writers: readonly CopyDataWriter[];
  #lines: readonly ShardLines[];
  #onRow: (shard: number) => void;
  /** Of the client's data. */
  #line = 1;
  #knowsLines = true;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** Shard of the run `#bytes[#start, #end)`; -1: none. */
  #shard = -1;
  #isInRow = false;

  /** `send` gets CopyData messages; `onRow` is called before the first row of a shard's run. */
  constructor(shardCount: number, send: (shard: number, message: Buffer) => void, onRow: (shard: number) => void) {
    this.#writers = Array.from({ length: shardCount }, (_, i) => new CopyDataWriter((message) => send(i, message)));
    this.#lines = Array.from({ length: shardCount }, () => new ShardLines());
    this.#onRow = onRow;
  }

  row(shard: number, bytes: Buffer, start: number, end: number, isPart: boolean): void {
    if (shard !== this.#shard || start !== this.#end || bytes !== this.#bytes) {
      this.release();
      assert(shard < this.#writers.length, "a row belongs to a shard that does not take part");
      this.#bytes = bytes;
      this.#start = start;
      this.#shard = shard;
      this.#onRow(shard);
      if (!this.#isInRow) this.#lines[shard]!.beginRun(this.#line);
    }
    this.#end = end;
    this.#isInRow = isPart;
    if (!isPart) {
      this.#line++;
      this.#lines[shard]!.count++;
    }
  }

  everywhere(bytes: Buffer, start: number, end: number, isLine: boolean): void {
    assert(!this.#isInRow, "something was to be sent within a row");
    this.release();
    for (const writer of this.#writers) writer.add(bytes, start, end);
    if (!isLine) return;
    this.#line++;
    for (const lines of this.#lines) lines.count++;
  }

  release(): void {
    if (this.#shard < 0) return;
    this.#writers[this.#shard]!.add(this.#bytes, this.#start, this.#end);
    this.#shard = -1;
    this.#bytes = Buffer.alloc(0);
  }

  forgetLines(): void {
    this.#knowsLines = false;
  }

  /** Sends what has been gathered for all shards. */
  flush(): void {
    this.release();
    for (const writer of this.#writers) writer.flush();
  }

  clientLine(shard: number, shardLine: number): number | undefined {
    return this.#knowsLines ? this.#lines[shard]!.clientLine(shardLine) : undefined;
  }
}
