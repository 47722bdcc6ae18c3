// Connections for one statement outside of a transaction.

import { applySettings } from "../src/pool/apply-settings.ts";
import type { Lease } from "../src/pool/pool.ts";
import type { ReadOptions } from "../src/pool/read-options.ts";
import type { ShardName } from "../src/topology/snapshot.ts";
import { Participant } from "../src/transaction/participant.ts";
import type { ReadAttempt } from "./read-attempt.ts";
import type { Session } from "./session.ts";

export class StatementLeases {
  /** Of a statement that may be read from standbys. */
  readonly read: ReadOptions | undefined;
  #session: Session;
  #attempt: ReadAttempt | undefined;
  #leases = new Map<ShardName, Lease>();

  constructor(session: Session, attempt?: ReadAttempt) {
    this.#session = session;
    this.#attempt = attempt;
    this.read = attempt?.read;
  }

  async participant(shard: ShardName): Promise<Participant> {
    const session = this.#session;
    session.interrupts.check();
    const kept = session.reserved.get(shard);
    let lease = kept === undefined ? this.#leases.get(shard) : await applySettings(kept, session.settings);
    if (lease === undefined) {
      const { signal } = session.interrupts;
      const holdsOthers = this.#leases.size > 0;
      const options = { holdsOthers, signal, read: this.read, failed: this.#attempt?.failed };
      lease = await session.gateway.tablets.acquire(shard, session.traveller(), options);
      this.#attempt?.used.push(lease);
      this.#leases.set(shard, lease);
      session.active.set(lease.connection, shard);
    }
    return new Participant(lease, undefined, (message) => session.client.write(message));
  }

  /** The connection stays with the session. */
  keep(shard: ShardName): void {
    this.#leases.delete(shard);
  }

  release(): void {
    for (const lease of this.#leases.values()) {
      this.#session.active.delete(lease.connection);
      lease.release();
    }
    this.#leases.clear();
  }
}
