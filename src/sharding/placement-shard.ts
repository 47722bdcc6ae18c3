// A shard as placement sees it: who it is, and how much it should hold compared with the others.
import { AppError } from "../base/app-error.ts";
import { bucketCount } from "./bucket-count.ts";

export interface PlacementShard {
  readonly name: string;
  /** 0 to 65534. */
  readonly ordinal: number;
  /** Relative to the other shards; 1 when left out. */
  readonly weight?: number;
}

/** Sorted by ordinal. Throws AppError "invalid-shards" when they cannot own the buckets between them. */
export function checkedShards(shards: readonly PlacementShard[]): PlacementShard[] {
  const problem = (text: string) => new AppError("invalid-shards", `cannot place buckets: ${text}`);
  if (shards.length === 0) throw problem("there is no shard");
  if (shards.length > bucketCount) throw problem(`${shards.length} shards are more than ${bucketCount} buckets`);
  if (new Set(shards.map((shard) => shard.name)).size < shards.length) throw problem("two shards have the same name");
  if (new Set(shards.map((shard) => shard.ordinal)).size < shards.length) throw problem("two shards have one ordinal");
  for (const { name, ordinal, weight = 1 } of shards) {
    if (!Number.isInteger(ordinal) || ordinal < 0 || ordinal > 65534) {
      throw problem(`ordinal ${ordinal} of shard "${name}" is not between 0 and 65534`);
    }
    if (!Number.isFinite(weight) || weight <= 0) throw problem(`weight ${weight} of shard "${name}" is not above zero`);
  }
  return shards.toSorted((a, b) => a.ordinal - b.ordinal);
}

/** How many buckets each shard should have; with fractions, and 16,384 in all. */
export function quotas(shards: readonly PlacementShard[]): number[] {
  const totalWeight = shards.reduce((sum, { weight = 1 }) => sum + weight, 0);
  return shards.map(({ weight = 1 }) => (bucketCount * weight) / totalWeight);
}
