// The owners of all buckets as text for JSON: base64 of 16,384 little-endian 16-bit ordinals, 43,692 characters.
import { AppError } from "../base/app-error.ts";
import { assert } from "../base/assert.ts";
import { bucketCount } from "./bucket-count.ts";

export function encodeOwners(owners: Uint16Array): string {
  assert(owners.length === bucketCount, "a bucket map has an owner for each bucket");
  const bytes = Buffer.alloc(2 * bucketCount);
  for (let bucket = 0; bucket < bucketCount; bucket++) bytes.writeUInt16LE(owners[bucket]!, 2 * bucket);
  return bytes.toString("base64");
}

/** Throws AppError "invalid-owners" for anything that `encodeOwners` cannot have written. */
export function decodeOwners(text: string): Uint16Array {
  const bytes = Buffer.from(text, "base64");
  // Node skips what is not base64; encoding again shows it.
  if (bytes.length !== 2 * bucketCount || bytes.toString("base64") !== text) {
    throw new AppError("invalid-owners", `the owners of the ${bucketCount} buckets are damaged or cut off`);
  }
  return Uint16Array.from({ length: bucketCount }, (_, bucket) => bytes.readUInt16LE(2 * bucket));
}
