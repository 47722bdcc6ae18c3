// A connection as the pool sees it, and as a caller holds it.
import type { ShardName } from "../topology/snapshot.ts";
import type { OpenedPrimary } from "./open-primary.ts";
import type { Lease } from "./pool.ts";
import { SessionSettings } from "./session-settings.ts";

export class PooledConnection {
  readonly connection: OpenedPrimary["connection"];
  readonly term: number;
  readonly loginKey: string;
  settings: SessionSettings = SessionSettings.none;
  idleSince = 0;
  isRetired = false;
  /** Of who holds it: called when it is lost. */
  onLost: (() => void) | undefined;

  constructor({ connection, term }: OpenedPrimary, loginKey: string) {
    this.connection = connection;
    this.term = term;
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

  get connection(): PooledConnection["connection"] {
    return this.#pooled.connection;
  }

  get settings(): SessionSettings {
    return this.#pooled.settings;
  }

  set settings(settings: SessionSettings) {
    this.#pooled.settings = settings;
  }

  onLost(listener: () => void): void {
    this.#pooled.onLost = listener;
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
    this.#pooled.onLost = undefined;
    this.#giveBack(this.#pooled, keep);
  }
}
