// The documents that the topology consists of, as they are stored: `cluster`, `buckets`, and `shards/<name>`, which is
// shard-document.ts. Reading is strict: what is not understood is an error that names document and field, never a guess.
// docs/topology.md describes them for people.
import { AppError } from "../base/app-error.ts";
import type { Json } from "../base/json.ts";
import { decodeOwners, encodeOwners } from "../sharding/owners-text.ts";
import { type Fields, fieldsOf } from "./document-fields.ts";
import type { BucketMap, ShardName, Topology } from "./snapshot.ts";

export const clusterKey = "cluster";
export const bucketsKey = "buckets";
export const shardPrefix = "shards/";

export interface ClusterDocument {
  readonly clusterId: string;
  readonly authentication: Topology["authentication"];
  readonly home: ShardName;
  /** Major version that the data directories were made with: "18". */
  readonly postgresVersion: string;
  /** Of every tablet's PostgreSQL, see cluster-settings.ts. */
  readonly settings: Readonly<Record<string, string>>;
}

/** They rise when an older program could not understand the document. Shards have one of their own. */
const [clusterFormat, bucketsFormat] = [2, 1];
const shardNamePattern = /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/;

/** Throws AppError "invalid-shard-name": names become directories, hosts and keys. */
export function shardName(text: string): ShardName {
  if (shardNamePattern.test(text)) return text as ShardName;
  const hint = "Use up to 40 of a-z, 0-9 and -, beginning with a letter.";
  throw new AppError("invalid-shard-name", `"${text}" cannot be the name of a shard`, { hint });
}

export function shardKeyInStore(name: ShardName): string {
  return `${shardPrefix}${name}`;
}

export function readCluster(value: Json): ClusterDocument {
  const fields = fieldsOf(clusterKey, value);
  fields.format(clusterFormat);
  const cluster: ClusterDocument = {
    clusterId: fields.text("clusterId"),
    authentication: fields.oneOf("authentication", ["trust", "scram-sha-256"]),
    home: nameIn(fields, "home"),
    postgresVersion: fields.text("postgresVersion"),
    settings: fields.optionalTexts("settings") ?? {},
  };
  fields.end();
  return cluster;
}

export function writeCluster({ settings, ...cluster }: ClusterDocument): Json {
  return { format: clusterFormat, ...cluster, ...(Object.keys(settings).length > 0 && { settings }) };
}

export function readBuckets(value: Json): BucketMap {
  const fields = fieldsOf(bucketsKey, value);
  fields.optionalFormat(bucketsFormat);
  const generation = fields.integer("generation", 1);
  const text = fields.text("owners");
  fields.end();
  try {
    return { generation, owners: decodeOwners(text) };
  } catch (error) {
    throw fields.invalid("owners", error instanceof Error ? error.message : "is damaged");
  }
}

export function writeBuckets({ generation, owners }: BucketMap): Json {
  return { generation, owners: encodeOwners(owners) };
}

function nameIn(fields: Fields, field: string): ShardName {
  const text = fields.text(field);
  if (!shardNamePattern.test(text)) throw fields.invalid(field, "cannot be the name of a shard");
  return text as ShardName;
}
