// Whether a statement whose connection was lost may be sent again without the client noticing. It may
//
//   not-sent   whatever it is
//   undone     it was in a transaction that had not come to its commit: when it does nothing outside of the transaction
//   ended      the same, because PostgreSQL has said (FATAL 57P01) that it ends the connection: that it says in the midst of a
//              statement, never of a commit. An administrator who terminates one backend means that very statement: where
//              the same run of the server goes on to take connections, the client is told
//   unknown    when it is read-only
//
// and nothing of its answer has reached the client. Where the server has crashed it is sent twice more at most: it may be the
// reason.
import { unreachable } from "../src/base/assert.ts";
import type { ShardName } from "../src/topology/snapshot.ts";
import { type Fate, fateOf } from "../src/transaction/lost-connection.ts";
import type { Session } from "./session.ts";

/** none: proved to be read-only. undoable: what it does is undone when its transaction is. */
export type Effect = "none" | "undoable" | "lasting";

const crashesMax = 2;
const triesMax = 20;

/** Commands that are one transaction, and do nothing outside of it. */
const undoable = /^(?:\s|--[^\n]*\n|\/\*.*?\*\/|\()*(?:insert|update|delete|merge|select|with|values|table)\b/is;

export function effectOf(readOnly: boolean, texts: readonly string[]): Effect {
  if (readOnly) return "none";
  return texts.every((text) => undoable.test(text)) ? "undoable" : "lasting";
}

export class SecondChance {
  readonly #session: Session;
  #tries = 0;
  #crashes = 0;
  #heldSince: number | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Resolves with true when the shard has a primary (again) that may be asked, with false when the client is to be told
   * `error`. Rejects with what it is to be told instead. `error`: as `explainLoss` gives it.
   */
  async mayTryAgain(error: unknown, effect: Effect): Promise<boolean> {
    const session = this.#session;
    const { interrupts, gateway, clock, limits } = session;
    const fate = fateOf(error);
    if (fate?.server === undefined || limits.holdTimeoutMs === 0) return false;
    if (session.isEnded || session.lost !== undefined) return false;
    if (!isHarmless(fate.kind, effect)) return false;
    if ((fate.kind === "unknown" || fate.kind === "undone") && ++this.#crashes > crashesMax) return false;
    if (++this.#tries > triesMax) return false;
    interrupts.check();
    if (clock.isOn) clock.statementGoesOn(session.transaction.status !== "idle");
    this.#heldSince ??= Date.now();
    const lease = await gateway.pool.acquire(fate.server.shard as ShardName, session.traveller(), {
      signal: interrupts.signal,
      heldSince: this.#heldSince,
      isFresh: true,
      holdsOthers: session.transaction.participants.size > 0 || session.reserved.size > 0,
    });
    const isSameRun = lease.connection.server?.run === fate.server.run;
    lease.release();
    return !(isSameRun && fate.kind === "ended");
  }
}

/** It may be done once more. */
function isHarmless(fate: Fate["kind"], effect: Effect): boolean {
  switch (fate) {
    case "not-sent":
      return true;
    case "undone":
    case "ended":
      return effect !== "lasting";
    case "unknown":
      return effect === "none";
    default:
      return unreachable(fate);
  }
}
