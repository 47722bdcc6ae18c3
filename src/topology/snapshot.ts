// What the topology says, as one immutable value: which shard owns which buckets, who is primary of each shard, and who
// must have acknowledged what its primary has committed.

export type ShardName = string & { readonly brand: "ShardName" };

/** `host` is a name, an address, or (beginning with a slash) the directory of a Unix socket, as in libpq. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Tablet {
  readonly name: string;
  /** Of its PostgreSQL. */
  readonly address: Address;
  /** Of its agent's API. */
  readonly agent?: Address;
  /** What fails together: a rack, an availability zone. */
  readonly zone?: string;
}

/**
 * `none`: commits wait for nobody. `one`: for one standby. `majority`: so that most of the tablets have it. `zone`: for one
 * standby of another zone than the primary's.
 */
export type DurabilityPolicy = "none" | "one" | "majority" | "zone";

/**
 * The synchronous standbys: a commit is acknowledged when `acknowledgements` of them have it on disk. So whoever has
 * asked enough of them (`standbys.length - acknowledgements + 1`) has met every acknowledged commit.
 */
export interface Cohort {
  /** Names of tablets. */
  readonly standbys: readonly string[];
  readonly acknowledgements: number;
}

export interface Shard {
  readonly name: ShardName;
  /** Unique in the cluster, never used again: 0, 1, 2, ... */
  readonly ordinal: number;
  /** undefined while there is none. */
  readonly primary: Tablet | undefined;
  /** Rises with every new primary. */
  readonly term: number;
  /** All of them, the primary too. */
  readonly tablets: readonly Tablet[];
  readonly durability: DurabilityPolicy;
  /** What the primary's commits wait for. */
  readonly cohort: Cohort;
  /** During a change, the one that is to come: then commits wait for either, and a failover has to ask both. */
  readonly nextCohort: Cohort | undefined;
  /** A planned one is under way: who has not begun a transaction on the shard has to wait until there is a new primary. */
  readonly switchover?: Switchover;
}

export interface Switchover {
  /** Name of the tablet that is to be primary. The present one: its PostgreSQL is started again. */
  readonly to: string;
}

export const noCohort: Cohort = { standbys: [], acknowledgements: 0 };

export interface BucketMap {
  /** Rises with every change of ownership. */
  readonly generation: number;
  /** Shard of each of the 16,384 buckets, by `ordinal`. */
  readonly owners: Uint16Array;
}

export interface Topology {
  /** Random, made when the cluster is made; part of every gid. */
  readonly clusterId: string;
  /** How the gateway authenticates clients: against the shards' own roles, or not at all. */
  readonly authentication: "trust" | "scram-sha-256";
  /** The shard that holds the rows of unsharded tables. */
  readonly home: ShardName;
  readonly shards: ReadonlyMap<ShardName, Shard>;
  readonly buckets: BucketMap;
}
