// While a table is being distributed, what its name means changes between the plan of a statement and its turn at the
// table's lock. So statements that name the table wait here, before they are planned, until the change is done.
//
// A transaction that works on the home shard already cannot wait: it may hold the very lock that the change waits for.
// It gets 40001 and runs again from its beginning.
import { SqlError } from "../src/pgwire/sql-error.ts";

/** What the gate must know about a session. */
export interface GatedSession {
  /** Lower-case text of the statements that are being carried out; "" when it is idle. */
  readonly runningText: string;
  readonly holdsHomeLocks: boolean;
  readonly interrupts: {
    check(): void;
    orSooner<T>(promise: Promise<T>): Promise<T>;
  };
}

interface Change {
  /** Whose statements may go on. */
  readonly own: GatedSession;
  /** Lower-case names: the table and what reads it (views). */
  readonly names: readonly string[];
  readonly done: Promise<void>;
}

const drainTimeoutMs = 10_000;
const drainPauseMs = 5;

export class DistributionGate {
  readonly #changes = new Set<Change>();
  readonly sessions = new Set<GatedSession>();

  /** False: nothing is being changed, every statement may go on. */
  get isActive(): boolean {
    return this.#changes.size > 0;
  }

  /** Resolves when the statement may be planned. Rejects with 40001 where waiting could last for ever. */
  async pass(text: string, session: GatedSession): Promise<void> {
    const lower = text.toLowerCase();
    for (const { own, names, done } of [...this.#changes]) {
      if (own === session || !names.some((name) => lower.includes(name))) continue;
      if (session.holdsHomeLocks) throw changing(names[0]!);
      await session.interrupts.orSooner(done);
    }
  }

  /**
   * From now on nobody else uses these relations through this gateway, until the function that it resolves with is
   * called: when the transaction of the change has ended and its outcome is in the catalog.
   */
  async close(names: readonly string[], own: GatedSession): Promise<() => void> {
    let finish!: () => void;
    const change: Change = {
      own,
      names: names.map((name) => name.toLowerCase()),
      done: new Promise<void>((resolve) => {
        finish = resolve;
      }),
    };
    const other = [...this.#changes].find(
      (present) => present.own !== own && present.names.some((name) => change.names.includes(name)),
    );
    if (other !== undefined) throw changing(other.names[0]!);
    this.#changes.add(change);
    const open = () => {
      this.#changes.delete(change);
      finish();
    };
    try {
      await this.#drain(change);
      return open;
    } catch (error) {
      open();
      throw error;
    }
  }

  /** Waits for the statements that were on their way before the gate was closed. */
  async #drain({ own, names }: Change): Promise<void> {
    const deadline = Date.now() + drainTimeoutMs;
    const isBusy = () =>
      [...this.sessions].some(
        (session) =>
          session !== own && !session.holdsHomeLocks && names.some((name) => session.runningText.includes(name)),
      );
    while (isBusy()) {
      own.interrupts.check();
      if (Date.now() > deadline) {
        throw new SqlError({
          code: "55006",
          message: `statements on "${names[0]}" are still running`,
          hint: "Try again when they have ended.",
        });
      }
      await new Promise((resolve) => setTimeout(resolve, drainPauseMs));
    }
  }
}

function changing(name: string): SqlError {
  return new SqlError({
    code: "40001",
    message: `could not serialize access: table "${name}" is being distributed`,
    hint: "Run the transaction again.",
  });
}
