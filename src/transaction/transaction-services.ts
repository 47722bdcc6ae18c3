// What a transaction needs of the session that it belongs to.
import type { Lease, Pool, Traveller } from "../pool/pool.ts";
import type { ReadOptions } from "../pool/read-options.ts";
import type { ShardName } from "../topology/snapshot.ts";
import type { Coordinator } from "./coordinator.ts";
import type { Isolation } from "./isolation.ts";

export interface TransactionServices {
  readonly pool: Pool;
  /** Login and settings of the session as they are outside the transaction. */
  traveller(): Traveller;
  readonly coordinator: Coordinator;
  /** Of a session that has not chosen one. */
  readonly defaultIsolation: Isolation;
  readonly defaultReadOnly: boolean;
  /** Where the open transaction may read; undefined: from primaries. Asked before its first statement. */
  readonly read?: () => ReadOptions | undefined;
  /** All of them, in the order in which connections are taken. */
  shards(): readonly ShardName[];
  /** Throws where SERIALIZABLE over several shards is refused. */
  checkSerializable(): void;
  home(): ShardName;
  /** Notices of deferred triggers, and settings that go back, while the transaction ends. */
  onNews?(message: Buffer): void;
  onBegin?(): void;
  /** Aborted when what the session does shall stop: nobody joins any more, and nobody waits for a connection. */
  signal?(): AbortSignal;
  /** Connections that stay with the session between transactions, by shard. */
  readonly reserved: Map<ShardName, Lease>;
}
