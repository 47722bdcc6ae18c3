// A connection as the pool sees it, and as a caller holds it.
import type { ServerConnection } from "../pgclient/server-connection.ts";
import type { Shard, ShardName } from "../topology/snapshot.ts";
import type { Lease } from "./pool.ts";
import { SessionSettings } from "./session-settings.ts";

export class PooledConnection {
  readonly connection: ServerConnection;
  readonly shard: Shard;
  readonly loginKey: string;
  settings: SessionSettings = SessionSettings.none;
  idleSince = 0;
  isRetired = false;

  constructor(connection: ServerConnection, shard: Shard, loginKey: string) {
    this.connection = connection;
    this.shard = shard;
    this.loginKey = loginKey;
  }
}

export class PoolLease implements Lease {
  readonly shard: ShardName;
  #pooled: PooledConnection;
  #giveBack: (pooled: PooledConnection, keep: boolean) => void;
  #isReleased = false;

  constructor(shard: ShardName, pooled: PooledConnection, giveBack: (pooled: PooledConnection, keep: boolean) => void) {
    this.shard = shard;
    this.#pooled = pooled;
    this.#giveBack = giveBack;
  }

  get connection(): ServerConnection {
    return this.#pooled.connection;
  }

  get settings(): SessionSettings {
    return this.#pooled.settings;
  }

  set settings(settings: SessionSettings) {
    this.#pooled.settings = settings;
  }

  release(): void {
    this.#end(true);
  }

  discard(): void {
    this.#end(false);
  }

  #end(keep: boolean): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#giveBack(this.#pooled, keep);
  }
}
