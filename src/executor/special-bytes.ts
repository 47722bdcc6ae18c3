// The next of a few special bytes, fast where they are rare: what `indexOf` has found once is remembered, so that a long
// field is not walked byte by byte. (200 MB of rows of 1 kB: half the time of a loop.)

export class SpecialBytes {
  /** 1 at the special bytes. */
  readonly table = new Uint8Array(256);
  readonly #bytes: readonly number[];
  /** Where each of them comes next, from the place on that was asked for last. */
  readonly #next: Float64Array;

  constructor(bytes: readonly number[]) {
    this.#bytes = [...new Set(bytes)];
    this.#next = new Float64Array(this.#bytes.length).fill(-1);
    for (const byte of bytes) this.table[byte] = 1;
  }

  /** The first place from `at` on with a special byte; `length` if there is none before it. Places must not go back. */
  find(buffer: Buffer, at: number, length: number): number {
    let nearest = length;
    for (let i = 0; i < this.#bytes.length; i++) {
      if (this.#next[i]! < at) {
        const found = buffer.indexOf(this.#bytes[i]!, at);
        this.#next[i] = found < 0 ? Number.POSITIVE_INFINITY : found;
      }
      if (this.#next[i]! < nearest) nearest = this.#next[i]!;
    }
    return nearest;
  }

  /** The buffer has changed. */
  forget(): void {
    this.#next.fill(-1);
  }
}

/** So many bytes a scan looks at one by one before it asks for the next special one. */
export const plainBytesMax = 64;
