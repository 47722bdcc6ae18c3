// Which shard gets which bucket. First it is decided how many buckets each shard gets, gives and takes, then which ones,
// by consistent hashing with these bounds. Planned from what is there, so that as few rows as possible move.
import { assert } from "../base/assert.ts";
import { bucketCount } from "./bucket-count.ts";
import { checkedShards, type PlacementShard, quotas } from "./placement-shard.ts";
import { ringOrder } from "./ring-order.ts";

export interface BucketMove {
  readonly bucket: number;
  /** Ordinals of the shard that owns the bucket now and of the one that is to own it. */
  readonly from: number;
  readonly to: number;
}

/** Walking the whole ring for every bucket is slow, and almost always one of the first shards has room. */
const preferredCount = 8;
const nobody = 65535;

/**
 * Owner (ordinal) of each bucket of a new cluster. Every shard is within one bucket of its share by weight. Throws
 * AppError "invalid-shards".
 */
export function placeBuckets(shards: readonly PlacementShard[]): Uint16Array {
  return plan(new Uint16Array(bucketCount).fill(nobody), checkedShards(shards));
}

/**
 * What must move, in order of buckets, so that `shards` own all buckets and none has less than its share (rounded down).
 * A shard that is new takes exactly its share, evenly from those above theirs, and first the buckets that the ring would
 * give it. What a shard had that is no longer among `shards` goes to those furthest below their share. Nothing else
 * moves; only among unequal weights rounding may ask for a bucket more. No moves when nothing has changed. Throws
 * AppError "invalid-shards".
 */
export function planPlacement(present: Uint16Array, shards: readonly PlacementShard[]): BucketMove[] {
  assert(present.length === bucketCount, "a bucket map has an owner for each bucket");
  const wanted = plan(present, checkedShards(shards));
  const moves: BucketMove[] = [];
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    const from = present[bucket]!;
    const to = wanted[bucket]!;
    if (from !== to) moves.push({ bucket, from, to });
  }
  return moves;
}

/** The owners after some of the moves. */
export function applyMoves(present: Uint16Array, moves: readonly BucketMove[]): Uint16Array {
  const owners = present.slice();
  for (const { bucket, from, to } of moves) {
    assert(owners[bucket] === from, `bucket ${bucket} belongs to shard ${owners[bucket]}, not ${from}`);
    owners[bucket] = to;
  }
  return owners;
}

/** From here on a shard is its position in `shards`; `nobody` stands for owners that are not among them. */
function plan(present: Uint16Array, shards: readonly PlacementShard[]): Uint16Array {
  const positions = new Map(shards.map((shard, position) => [shard.ordinal, position]));
  const owners = present.map((ordinal) => positions.get(ordinal) ?? nobody);
  const shares = quotas(shards);
  const counts = shares.map(() => 0);
  for (const owner of owners) if (owner !== nobody) counts[owner]!++;
  giveHomes(owners, counts, shares, shards);
  fillUp(owners, counts, shares, shards);
  return owners.map((position) => shards[position]!.ordinal);
}

/** Buckets of nobody go to the shards furthest below their share. */
function giveHomes(owners: Uint16Array, counts: number[], shares: number[], shards: readonly PlacementShard[]): void {
  const homeless = [...owners.keys()].filter((bucket) => owners[bucket] === nobody);
  if (homeless.length === 0) return;
  const room = shares.map(() => 0);
  for (const _ of homeless) {
    const taker = indexOfMax(shares, (share, i) => share - counts[i]!);
    room[taker]!++;
    counts[taker]!++;
  }
  for (const count of [preferredCount, shards.length]) {
    const order = ringOrder(shards, Math.min(count, shards.length));
    for (const bucket of homeless) {
      if (owners[bucket] !== nobody) continue;
      const home = order(bucket).find((position) => room[position]! > 0);
      if (home === undefined) continue;
      owners[bucket] = home;
      room[home]!--;
    }
  }
}

/** Shards below their share take from those furthest above theirs. */
function fillUp(owners: Uint16Array, counts: number[], shares: number[], shards: readonly PlacementShard[]): void {
  const takings = decideTakings(counts, shares);
  if (takings.every((taking) => taking.size === 0)) return;
  const order = ringOrder(shards, Math.min(preferredCount, shards.length));
  for (const [taker, taking] of takings.entries()) {
    if (taking.size === 0) continue;
    const ranked: { bucket: number; rank: number }[] = [];
    for (const [bucket, owner] of owners.entries()) {
      if (!taking.has(owner)) continue;
      const rank = order(bucket).indexOf(taker);
      ranked.push({ bucket, rank: rank < 0 ? preferredCount : rank });
    }
    ranked.sort((a, b) => a.rank - b.rank || a.bucket - b.bucket);
    for (const { bucket } of ranked) {
      const giver = owners[bucket]!;
      const left = taking.get(giver) ?? 0;
      if (left === 0) continue;
      taking.set(giver, left - 1);
      owners[bucket] = taker;
    }
  }
}

/** For each shard, how many buckets it takes from which others; `counts` become what they are after that. */
function decideTakings(counts: number[], shares: number[]): Map<number, number>[] {
  // Shares are fractions; one that is whole may come out a trifle off.
  const floors = shares.map((share) => Math.floor(share + 1e-9));
  const ceilings = shares.map((share) => Math.ceil(share - 1e-9));
  const takings = shares.map(() => new Map<number, number>());
  const take = (taker: number, giver: number) => {
    takings[taker]!.set(giver, (takings[taker]!.get(giver) ?? 0) + 1);
    counts[giver]!--;
    counts[taker]!++;
  };
  const furthestAbove = () => indexOfMax(shares, (share, i) => counts[i]! - share);
  for (const [taker, floor] of floors.entries()) {
    while (counts[taker]! < floor) take(taker, furthestAbove());
  }
  // Those that take anyway also take what others still have too much because shares are rounded.
  for (const [taker, taking] of takings.entries()) {
    const giver = furthestAbove();
    if (taking.size > 0 && counts[taker]! < ceilings[taker]! && counts[giver]! > ceilings[giver]!) take(taker, giver);
  }
  return takings;
}

/** The first position with the greatest value. */
function indexOfMax(items: readonly number[], value: (item: number, index: number) => number): number {
  let best = 0;
  let greatest = Number.NEGATIVE_INFINITY;
  for (const [index, item] of items.entries()) {
    const candidate = value(item, index);
    if (candidate > greatest) {
      best = index;
      greatest = candidate;
    }
  }
  return best;
}
