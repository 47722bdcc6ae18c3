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
  readonly address: Address;
  /** What fails together: a rack, an availability zone. */
  readonly zone?: string;
}

/** `none`: commits wait for nobody. `one`: for one standby. `majority`: so that most of the tablets have it. */
export type DurabilityPolicy = "none" | "one" | "majority";

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
  /** During a change, the one that is to come: then commits must satisfy both, and so must a failover. */
  readonly nextCohort: Cohort | undefined;
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
