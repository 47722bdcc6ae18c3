// The error of the transaction that has to give way, as PostgreSQL writes it (DeadLockReport in its deadlock.c).
import { ShardError } from "../pgwire/error-fields.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import type { Deadlock } from "./deadlocks-in.ts";
import { lockWords } from "./lock-words.ts";

/** One line for each wait of the circle, the victim's first. A process id is the one on the shard that is named. */
export function deadlockDetail({ circle }: Deadlock): string {
  return circle
    .map(
      ({ wait, blocker }) =>
        `Process ${wait.pid} waits for ${wait.lock.mode} on ${lockWords(wait.lock)}; blocked by process ${blocker}. (shard ${wait.shard})`,
    )
    .join("\n");
}

export class DeadlockDetected extends SqlError {
  constructor(detail: string) {
    super({ code: "40P01", message: "deadlock detected", detail, hint: "See server log for query details." });
  }

  /** With the context of the shard's error for the cancelled statement ("while updating tuple ..."). */
  inContextOf(cancelled: ShardError): ShardError {
    const { code, message, detail, hint } = this.fields;
    const severity = cancelled.raw.get("S") ?? "ERROR";
    const fields = new Map(Object.entries({ S: severity, V: "ERROR", C: code, M: message, D: detail!, H: hint! }));
    const context = cancelled.raw.get("W");
    if (context !== undefined) fields.set("W", context);
    return new ShardError(fields);
  }
}
