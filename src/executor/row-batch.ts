// A batch is a buffer of whole DataRow messages. These walk it by the messages' lengths, without decoding a row.

/** Offset behind the first `count` rows from `start` on; the end of the batch when there are fewer. */
export function skipRows(
  batch: Buffer,
  start: number,
  count: number,
): { readonly offset: number; readonly skipped: number } {
  let offset = start;
  let skipped = 0;
  while (skipped < count && offset < batch.length) {
    offset += 1 + batch.readInt32BE(offset + 1);
    skipped++;
  }
  return { offset, skipped };
}

/** Cuts a stream of batches to `offset` rows skipped and `limit` rows kept (undefined: all). */
export class RowWindow {
  #toSkip: number;
  #toKeep: number;
  /** Rows that were kept. */
  kept = 0;

  constructor(offset: number, limit: number | undefined) {
    this.#toSkip = offset;
    this.#toKeep = limit ?? Number.POSITIVE_INFINITY;
  }

  get isFull(): boolean {
    return this.#toKeep === 0;
  }

  /** The part of the batch that is inside the window; may be empty. */
  cut(batch: Buffer): Buffer {
    let start = 0;
    if (this.#toSkip > 0) {
      const { offset, skipped } = skipRows(batch, 0, this.#toSkip);
      this.#toSkip -= skipped;
      start = offset;
    }
    const { offset: end, skipped: kept } = skipRows(batch, start, this.#toKeep);
    this.#toKeep -= kept;
    this.kept += kept;
    return start === 0 && end === batch.length ? batch : batch.subarray(start, end);
  }
}
