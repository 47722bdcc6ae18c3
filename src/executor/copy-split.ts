// COPY data, cut anywhere, into rows, each given to the shard that it belongs to. What is not a complete row yet waits in
// a buffer; a long row is passed on in parts, as soon as its shard is known.
import { SqlError } from "../pgwire/sql-error.ts";
import type { RowSink } from "./copy-row-sink.ts";

/** How rows look in one format. Positions are in the buffer that the splitter keeps. */
export interface RowScanner {
  /** Where the row begins, or the part of it that has not been passed on. */
  start: number;
  /** Behind the row when `scan` has returned true; else where the next scan goes on. */
  position: number;
  /**
   * Goes on to the end of the row, or to `length`; true: the row is complete. `isEnd`: nothing follows. Throws SqlError
   * 22P04 for what PostgreSQL would refuse, where cutting the stream into several could hide it.
   */
  scan(bytes: Buffer, length: number, isEnd: boolean): boolean;
  /** Shard of the row from `start` on, which is complete or (`isPart`) is not; -1: cannot be told yet. Throws SqlError. */
  shard(bytes: Buffer, isPart: boolean): number;
  /** "line", "frame": the row is no row, and goes to every shard; PostgreSQL counts it as a line, or not. */
  readonly everywhere: "line" | "frame" | undefined;
  /** Whether a newline within the last row makes PostgreSQL count lines otherwise. */
  readonly hasInnerLines: boolean;
  /** It was the last row: nothing behind it counts. */
  readonly isLast: boolean;
  /** There is data behind the last row. */
  afterLast(): void;
  /** The next row begins at `position`. */
  next(): void;
  /** The buffer has other contents: what was at `start` is now at its beginning. */
  moved(): void;
}

/** MaxAllocSize of PostgreSQL. */
const rowBytesMax = 2 ** 30 - 1;
/** From this length on a row is passed on in parts, if its shard is known; it is looked for again at twice the length. */
const wholeRowBytesMax = 128 * 1024;
const bufferBytes = 256 * 1024;

export class CopySplitter {
  #scanner: RowScanner;
  #sink: RowSink;
  #buffer: Buffer = Buffer.allocUnsafeSlow(bufferBytes);
  #length = 0;
  /** Shard of the row whose beginning has been passed on; -1: none. */
  #partOf = -1;
  /** Length of a row from which on its shard is looked for before its end. */
  #lookFrom = wholeRowBytesMax;
  #isDone = false;

  constructor(scanner: RowScanner, sink: RowSink) {
    this.#scanner = scanner;
    this.#sink = sink;
  }

  /** Throws SqlError. */
  push(chunk: Buffer): void {
    const scanner = this.#scanner;
    if (this.#isDone) {
      if (chunk.length > 0) scanner.afterLast();
      return;
    }
    this.#append(chunk);
    this.#rows(false);
    this.#passPart();
    this.#sink.release();
  }

  /** No more data comes. Throws SqlError. */
  end(): void {
    if (!this.#isDone) this.#rows(true);
    const { start } = this.#scanner;
    if (this.#partOf >= 0) this.#sink.row(this.#partOf, this.#buffer, start, start, false);
    this.#sink.release();
  }

  #rows(isEnd: boolean): void {
    const scanner = this.#scanner;
    const buffer = this.#buffer;
    const sink = this.#sink;
    while (scanner.scan(buffer, this.#length, isEnd)) {
      if (scanner.hasInnerLines) sink.forgetLines();
      if (scanner.everywhere !== undefined) {
        sink.everywhere(buffer, scanner.start, scanner.position, scanner.everywhere === "line");
      } else {
        const shard = this.#partOf >= 0 ? this.#partOf : scanner.shard(buffer, false);
        sink.row(shard, buffer, scanner.start, scanner.position, false);
      }
      this.#partOf = -1;
      this.#lookFrom = wholeRowBytesMax;
      if (scanner.isLast) {
        this.#isDone = true;
        if (scanner.position < this.#length) scanner.afterLast();
        return;
      }
      scanner.next();
    }
    if (this.#length - scanner.start > rowBytesMax) {
      throw new SqlError({ code: "54000", message: "a row of COPY data is longer than 1 GiB" });
    }
  }

  /** Passes on what there is of a long row. */
  #passPart(): void {
    const scanner = this.#scanner;
    if (this.#isDone || scanner.everywhere !== undefined) return;
    const length = scanner.position - scanner.start;
    if (length < (this.#partOf < 0 ? this.#lookFrom : 1)) return;
    if (this.#partOf < 0) {
      this.#partOf = scanner.shard(this.#buffer, true);
      this.#lookFrom = 2 * length;
    }
    if (this.#partOf < 0) return;
    this.#sink.row(this.#partOf, this.#buffer, scanner.start, scanner.position, true);
    scanner.start = scanner.position;
  }

  #append(chunk: Buffer): void {
    const scanner = this.#scanner;
    const held = this.#length - scanner.start;
    const isLarge = this.#buffer.length > bufferBytes;
    if (held + chunk.length > this.#buffer.length || (isLarge && held + chunk.length <= bufferBytes)) {
      const needed = held + chunk.length;
      const buffer = Buffer.allocUnsafeSlow(needed <= bufferBytes ? bufferBytes : Math.ceil(needed * 1.5));
      this.#buffer.copy(buffer, 0, scanner.start, this.#length);
      this.#buffer = buffer;
    } else if (scanner.start > 0) {
      this.#buffer.copyWithin(0, scanner.start, this.#length);
    }
    scanner.moved();
    chunk.copy(this.#buffer, held);
    this.#length = held + chunk.length;
  }
}
