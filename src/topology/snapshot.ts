// What the topology says, as one immutable value: which shard owns which buckets, and who is primary of each shard.

export type ShardName = string & { readonly brand: "ShardName" };

/** `host` is a name, an address, or (beginning with a slash) the directory of a Unix socket, as in libpq. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Tablet {
  readonly name: string;
  readonly address: Address;
}

export interface Shard {
  readonly name: ShardName;
  /** Unique in the cluster, never used again: 0, 1, 2, ... */
  readonly ordinal: number;
  /** undefined while there is none. */
  readonly primary: Tablet | undefined;
  /** Rises with every new primary. */
  readonly term: number;
}

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
