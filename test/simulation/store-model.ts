// A model of the topology store: one shard's document changed by compare-and-swap, and one lease that expires by the
// store's own clock.
import type { Shard } from "../../src/topology/snapshot.ts";
import { makeProcess, type Process } from "./network-model.ts";

export interface Store {
  readonly process: Process;
  shard: Shard;
  version: number;
  changedAtMs: number;
  lease: { readonly holder: string; readonly untilMs: number } | undefined;
}

export function makeStore(shard: Shard): Store {
  return { process: makeProcess("store"), shard, version: 1, changedAtMs: 0, lease: undefined };
}

export function leaseHolder({ lease }: Store, nowMs: number): string | undefined {
  return lease !== undefined && nowMs < lease.untilMs ? lease.holder : undefined;
}

export function tryLease(store: Store, name: string, nowMs: number, ttlMs: number): boolean {
  if ((leaseHolder(store, nowMs) ?? name) !== name) return false;
  store.lease = { holder: name, untilMs: nowMs + ttlMs };
  return true;
}

export function releaseLease(store: Store, name: string): void {
  if (store.lease?.holder === name) store.lease = undefined;
}

export function replaceShard(store: Store, version: number, after: Shard, nowMs: number): boolean {
  if (store.version !== version) return false;
  store.shard = after;
  store.changedAtMs = nowMs;
  store.version++;
  return true;
}
