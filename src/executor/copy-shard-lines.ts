// Which line of the client's data a line of a shard's stream was, so that an error can name the client's. Kept for the
// last runs of lines only: an error comes soon after its line was sent, and is reported without a number otherwise.

const runsMax = 16 * 1024;

export class ShardLines {
  /** First line of each run, in the shard's stream and in the client's data; a ring. */
  readonly #shardLines = new Float64Array(runsMax);
  readonly #clientLines = new Float64Array(runsMax);
  #runs = 0;
  /** Lines of the shard's stream so far. */
  count = 0;

  /** From the next line of the shard's stream on, its lines are the client's from `clientLine` on. Lines count from 1. */
  beginRun(clientLine: number): void {
    const at = this.#runs++ % runsMax;
    this.#shardLines[at] = this.count + 1;
    this.#clientLines[at] = clientLine;
  }

  /** undefined: not known any more. */
  clientLine(shardLine: number): number | undefined {
    const oldest = Math.max(0, this.#runs - runsMax);
    for (let run = this.#runs - 1; run >= oldest; run--) {
      const first = this.#shardLines[run % runsMax]!;
      if (first <= shardLine) return this.#clientLines[run % runsMax]! + (shardLine - first);
    }
    return undefined;
  }
}
