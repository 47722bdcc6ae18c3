// Where the topology is kept: JSON documents under keys like "shards/s1", changed only by compare-and-swap, and watched.
// One interface, so that nobody else knows whether it is Kubernetes or a directory on this machine.
import { AppError } from "../base/app-error.ts";
import type { Json } from "../base/json.ts";
import type { Lease, StoredLease } from "./lease.ts";

export interface Entry {
  readonly key: string;
  readonly value: Json;
  /** Another one after every write of the key, and never again one that the key had before; see `isNewer`. */
  readonly version: string;
}

/** Versions of one key are decimal numbers that rise (those of Kubernetes are etcd's revisions). */
export function isNewer(version: string, than: string): boolean {
  return BigInt(version) > BigInt(than);
}

export type StoreEvent =
  /** All that there is. The first event of every watch; may come again, when the store has lost count. */
  | { readonly kind: "state"; readonly entries: readonly Entry[] }
  | { readonly kind: "put"; readonly entry: Entry }
  | { readonly kind: "delete"; readonly key: string }
  /** The store has answered, and everything that had happened until then has been told. */
  | { readonly kind: "current" }
  /** The store does not answer, or refuses. The watch goes on by itself, and will tell what has happened meanwhile. */
  | { readonly kind: "interrupted"; readonly reason: Error };

/**
 * Keys are words of a-z, 0-9 and "-", joined by "/". All methods throw AppError "invalid-document" for what is in the
 * store but is not a document, and say where.
 */
export interface TopologyStore {
  get(key: string): Promise<Entry | undefined>;
  /** In order of their keys: all ("below" is ""), those below "shards/", or only the one with the key "shards/s1". */
  list(below: string): Promise<readonly Entry[]>;
  /**
   * Writes if the key still has the version that the caller has seen, or is still absent; returns the new version.
   * Throws AppError "conflict" otherwise, and then nothing has been written.
   */
  put(key: string, value: Json, expected: string | "absent"): Promise<string>;
  /** As `put`. */
  delete(key: string, expected: string): Promise<void>;
  /**
   * Of what `list` would give, the present state, then changes, in order for each key. Changes in quick succession may come as the last of them.
   * While nothing happens, "current" comes every few seconds as long as the store answers. Ends when the signal is
   * aborted; throws when the store cannot be watched, and a new watch begins with the state as it is by then.
   */
  watch(below: string, signal: AbortSignal): AsyncIterable<StoreEvent>;
  /** Leases are written often and watched by nobody, so they are no documents. */
  readonly leases: LeaseStore;
}

/** Names are as keys. Who may take a lease, and when, is decided in lease.ts, the same for every store. */
export interface LeaseStore {
  get(name: string): Promise<StoredLease | undefined>;
  /** As `put` of documents. A lease is never deleted. */
  put(name: string, lease: Lease, expected: string | "absent"): Promise<string>;
}

/** Somebody else wrote the document first: read it again and decide again. */
export function conflict(key: string): AppError {
  return new AppError("conflict", `topology document "${key}" has been changed by somebody else`, { retry: "safe" });
}

export function isConflict(error: unknown): boolean {
  return error instanceof AppError && error.code === "conflict";
}

/** As `list` and `watch` mean it. */
export function isBelow(below: string, key: string): boolean {
  return below === "" || below.endsWith("/") ? key.startsWith(below) : key === below;
}

const keyPattern = /^[a-z0-9][a-z0-9-]*(\/[a-z0-9][a-z0-9-]*)*$/;

export function isKey(text: string): boolean {
  return keyPattern.test(text) && text.length <= 200;
}
