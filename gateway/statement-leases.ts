// Connections for one statement outside of a transaction.
import type { Lease } from "../src/pool/pool.ts";
import type { ShardName } from "../src/topology/snapshot.ts";
import { Participant } from "../src/transaction/participant.ts";
import type { Session } from "./session.ts";

export class StatementLeases {
  #session: Session;
  #leases = new Map<ShardName, Lease>();

  constructor(session: Session) {
    this.#session = session;
  }

  async participant(shard: ShardName): Promise<Participant> {
    const session = this.#session;
    session.interrupts.check();
    let lease = session.reserved.get(shard) ?? this.#leases.get(shard);
    if (lease === undefined) {
      const { signal } = session.interrupts;
      const holdsOthers = this.#leases.size > 0;
      lease = await session.gateway.pool.acquire(shard, session.traveller(), { holdsOthers, signal });
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
