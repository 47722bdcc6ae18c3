// Placement as properties: they hold for any number of shards, any weights, and any chain of changes.
import { describe, expect, test } from "vitest";
import { AppError } from "../../../src/base/app-error.ts";
import { bucketCount } from "../../../src/sharding/bucket-count.ts";
import { applyMoves, placeBuckets, planPlacement } from "../../../src/sharding/place-buckets.ts";
import type { PlacementShard } from "../../../src/sharding/placement-shard.ts";
import { type Random, seededRandom } from "../../support/random.ts";

function shardsOf(ordinals: readonly number[], weight?: (ordinal: number) => number): PlacementShard[] {
  return ordinals.map((ordinal) => ({
    name: `shard-${ordinal}`,
    ordinal,
    ...(weight && { weight: weight(ordinal) }),
  }));
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, ordinal) => ordinal);
}

function countsOf(owners: Uint16Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const owner of owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return counts;
}

/** How far each shard is from its share, in buckets. */
function distances(owners: Uint16Array, shards: readonly PlacementShard[]): number[] {
  const total = shards.reduce((sum, { weight = 1 }) => sum + weight, 0);
  const counts = countsOf(owners);
  return shards.map(({ ordinal, weight = 1 }) => (counts.get(ordinal) ?? 0) - (bucketCount * weight) / total);
}

function randomShards(random: Random): PlacementShard[] {
  const weights = upTo(2 + random.below(20)).map(() =>
    random.pick([0.1, 0.5, 1, 1, 1, 2, 3, 10, random.next() * 5 + 0.01]),
  );
  return shardsOf(upTo(weights.length), (ordinal) => weights[ordinal]!);
}

describe("a new cluster", () => {
  test.each([1, 2, 3, 5, 8, 16, 33, 100])("of %i equal shards is balanced within one bucket", (count) => {
    const shards = shardsOf(upTo(count));
    for (const distance of distances(placeBuckets(shards), shards)) expect(Math.abs(distance)).toBeLessThan(1);
  });

  test("of unequal shards is balanced within one bucket by weight", () => {
    const random = seededRandom(1);
    for (let round = 0; round < 8; round++) {
      const shards = randomShards(random);
      for (const distance of distances(placeBuckets(shards), shards)) expect(Math.abs(distance)).toBeLessThan(1);
    }
  });

  test("is placed the same way however the shards are listed", () => {
    const shards = shardsOf(upTo(7), (ordinal) => 1 + (ordinal % 3));
    expect(placeBuckets(shards.toReversed())).toEqual(placeBuckets(shards));
    // Nothing depends on it, but a new cluster should look the same on every machine and with every version.
    expect(
      placeBuckets(shardsOf([0, 1, 2]))
        .subarray(0, 16)
        .join(" "),
    ).toBe("2 1 0 0 2 2 1 1 0 0 0 0 1 0 0 1");
  });
});

describe("a changed cluster", () => {
  test("a shard that comes takes exactly its share, evenly, and nothing else moves", () => {
    let shards = shardsOf([0]);
    let owners = placeBuckets(shards);
    for (const ordinal of [3, 1, 7, 4, 2, 100, 60_000, 9]) {
      const before = countsOf(owners);
      shards = [...shards, ...shardsOf([ordinal])];
      const moves = planPlacement(owners, shards);
      expect(moves.length).toBe(Math.floor(bucketCount / shards.length));
      expect(new Set(moves.map((move) => move.to))).toEqual(new Set([ordinal]));
      owners = applyMoves(owners, moves);
      const given = [...before].map(([from, count]) => count - countsOf(owners).get(from)!);
      expect(Math.max(...given) - Math.min(...given)).toBeLessThanOrEqual(2);
      for (const distance of distances(owners, shards)) expect(Math.abs(distance)).toBeLessThan(1);
    }
  });

  test("a shard that goes leaves only its own buckets behind", () => {
    let shards = shardsOf(upTo(9));
    let owners = placeBuckets(shards);
    for (const ordinal of [4, 0, 8, 2, 7, 1]) {
      const had = countsOf(owners).get(ordinal);
      shards = shards.filter((shard) => shard.ordinal !== ordinal);
      const moves = planPlacement(owners, shards);
      expect(moves.length).toBe(had);
      expect(new Set(moves.map((move) => move.from))).toEqual(new Set([ordinal]));
      owners = applyMoves(owners, moves);
      for (const distance of distances(owners, shards)) expect(Math.abs(distance)).toBeLessThan(1);
    }
  });

  test("a shard that is replaced gives all it has to its successor", () => {
    const owners = placeBuckets(shardsOf([0, 1, 2, 3]));
    const moves = planPlacement(owners, shardsOf([0, 1, 3, 4]));
    expect(moves.every((move) => move.from === 2 && move.to === 4)).toBe(true);
    expect(moves.length).toBe(bucketCount / 4);
  });

  test("several shards at once come and go", () => {
    const owners = placeBuckets(shardsOf(upTo(5)));
    const shards = shardsOf([0, 2, 4, 10, 11, 12, 13]);
    const after = applyMoves(owners, planPlacement(owners, shards));
    for (const distance of distances(after, shards)) expect(Math.abs(distance)).toBeLessThan(1);
  });

  test("of unequal shards: a new one takes its share, nothing moves between the others, none falls below its share", () => {
    const random = seededRandom(2);
    for (let round = 0; round < 8; round++) {
      const shards = randomShards(random);
      const added = shards[random.below(shards.length)]!;
      const owners = placeBuckets(shards.filter((shard) => shard !== added));
      const moves = planPlacement(owners, shards);
      expect(new Set(moves.map((move) => move.to)).size).toBeLessThanOrEqual(1);
      expect(moves.every((move) => move.to === added.ordinal)).toBe(true);
      const after = distances(applyMoves(owners, moves), shards);
      expect(Math.abs(after[shards.indexOf(added)]!)).toBeLessThan(1);
      for (const distance of after) {
        expect(distance).toBeGreaterThan(-1);
        expect(distance).toBeLessThan(2);
      }
      // And away again.
      const remaining = shards.filter((shard) => shard !== added);
      const placed = placeBuckets(shards);
      const returned = planPlacement(placed, remaining);
      const had = countsOf(placed).get(added.ordinal) ?? 0;
      expect(returned.length - had).toBeLessThanOrEqual(1);
      for (const distance of distances(applyMoves(placed, returned), remaining)) expect(distance).toBeGreaterThan(-1);
    }
  });

  test("a new weight moves only what it must", () => {
    const owners = placeBuckets(shardsOf(upTo(4)));
    const shards = shardsOf(upTo(4), (ordinal) => (ordinal === 2 ? 2 : 1));
    const moves = planPlacement(owners, shards);
    expect(moves.length).toBe(Math.floor((bucketCount * 2) / 5) - bucketCount / 4);
    expect(moves.every((move) => move.to === 2)).toBe(true);
  });

  test("moves nothing when nothing has changed, or when it has been planned and done already", () => {
    const shards = shardsOf(upTo(6), (ordinal) => 1 + ordinal / 3);
    const owners = placeBuckets(shards);
    expect(planPlacement(owners, shards)).toEqual([]);
    const more = [...shards, { name: "late", ordinal: 17, weight: 1.7 }];
    const after = applyMoves(owners, planPlacement(owners, more));
    expect(planPlacement(after, more)).toEqual([]);
  });

  test("prefers the buckets that the ring would give to the new shard", () => {
    const fresh = placeBuckets(shardsOf(upTo(9)));
    const moves = planPlacement(placeBuckets(shardsOf(upTo(8))), shardsOf(upTo(9)));
    const alike = moves.filter((move) => fresh[move.bucket] === 8).length;
    expect(alike / moves.length).toBeGreaterThan(0.5);
  });
});

test.each<[string, PlacementShard[]]>([
  ["there is no shard", []],
  [
    "the same name",
    [
      { name: "a", ordinal: 0 },
      { name: "a", ordinal: 1 },
    ],
  ],
  [
    "one ordinal",
    [
      { name: "a", ordinal: 1 },
      { name: "b", ordinal: 1 },
    ],
  ],
  ["ordinal 65535", [{ name: "a", ordinal: 65535 }]],
  ["ordinal 0.5", [{ name: "a", ordinal: 0.5 }]],
  ["weight 0", [{ name: "a", ordinal: 0, weight: 0 }]],
  ["weight NaN", [{ name: "a", ordinal: 0, weight: Number.NaN }]],
])("shards that cannot own the buckets are refused: %s", (message, shards) => {
  expect(() => placeBuckets(shards)).toThrow(AppError);
  expect(() => placeBuckets(shards)).toThrow(message);
});
