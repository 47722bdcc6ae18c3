// Rows of several shards for a client that fetches them bit by bit: the gateway holds them, up to a limit.
import { skipRows } from "../src/executor/row-batch.ts";
import type { RowTaker } from "../src/executor/scatter.ts";
import { commandComplete } from "../src/pgwire/backend-message.ts";
import type { Field } from "../src/pgwire/row-description.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import type { HeldRows } from "./prepared.ts";

const heldBytesMax = 256 * 1024 * 1024;

export class HeldPortal implements RowTaker {
  #fields: readonly Field[] = [];
  #batches: Buffer[] = [];
  #bytes = 0;

  fields(fields: readonly Field[]): void {
    this.#fields = fields;
  }

  async rows(batch: Buffer): Promise<void> {
    this.#bytes += batch.length;
    if (this.#bytes > heldBytesMax) {
      throw new SqlError({
        code: "54000",
        message: "the result is too large to be fetched bit by bit from several shards",
        hint: "Fetch all rows at once, or restrict the query to one shard key.",
      });
    }
    this.#batches.push(batch);
  }

  finish(completion: Buffer): HeldRows {
    const tag = completion.toString("utf8", 5, completion.length - 1);
    return { fields: this.#fields, rows: Buffer.concat(this.#batches), tag };
  }

  /**
   * Takes up to `limit` rows (0: all) off the front. PostgreSQL suspends a portal as soon as `limit` rows are out, and
   * the command tag at the end counts the last portion only.
   */
  static take(held: HeldRows, limit: number): { readonly rows: Buffer; readonly completion: Buffer | undefined } {
    const { offset, skipped } = skipRows(held.rows, 0, limit === 0 ? Number.POSITIVE_INFINITY : limit);
    const rows = held.rows.subarray(0, offset);
    held.rows = held.rows.subarray(offset);
    const isLast = limit === 0 || skipped < limit;
    return { rows, completion: isLast ? commandComplete(held.tag.replace(/\d+$/, String(skipped))) : undefined };
  }
}
