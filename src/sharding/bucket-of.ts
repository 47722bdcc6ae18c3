// The bucket of a shard key whose values are at hand as text. For values in a message's bytes see `KeyHasher`.
import { KeyHasher } from "./key-hasher.ts";
import type { ShardKeyType } from "./shard-key-type.ts";

const hasher = new KeyHasher();

/**
 * `values` in PostgreSQL's text format, one per type. undefined: some value is of no use for routing, because it is not
 * valid for its type or because what it means depends on the session's settings.
 */
export function bucketOfTexts(types: readonly ShardKeyType[], values: readonly string[]): number | undefined {
  hasher.start();
  for (let i = 0; i < types.length; i++) {
    if (!hasher.addText(types[i]!, values[i]!)) return undefined;
  }
  return hasher.bucket();
}
