// What an agent knows of its shard's document never goes back behind what it has written itself.
import pino from "pino";
import { afterEach, expect, test } from "vitest";
import { shardKeyInStore } from "../../../src/topology/documents.ts";
import { writeShard } from "../../../src/topology/shard-document.ts";
import { noCohort, type Shard, type ShardName } from "../../../src/topology/snapshot.ts";
import type { StoreEvent, TopologyStore } from "../../../src/topology/store.ts";
import { watchShard } from "../../../tablet-agent/shard-watch.ts";
import { eventually } from "../../support/eventually.ts";

const name = "s1" as ShardName;
const stop = new AbortController();
const key = shardKeyInStore(name);

afterEach(() => stop.abort());

function shardOf(ordinal: number): Shard {
  const rest = { tablets: [], durability: "one", cohort: noCohort, nextCohort: undefined } as const;
  return { name, ordinal, primary: undefined, term: 0, ...rest };
}

test("what the watch brings late is not believed, what it brings anew is", async () => {
  const arrivals: StoreEvent[] = [];
  let arrived = Promise.withResolvers<void>();
  async function* watch(): AsyncGenerator<StoreEvent> {
    for (;;) {
      const event = arrivals.shift();
      if (event) yield event;
      else await arrived.promise;
    }
  }
  const bring = (ordinal: number) => {
    arrivals.push({ kind: "put", entry: { key, value: writeShard(shardOf(ordinal)), version: `${ordinal}` } });
    arrived.resolve();
    arrived = Promise.withResolvers();
  };
  const store = { watch } as unknown as TopologyStore;
  let heard = 0;
  const onChange = () => heard++;
  const shards = watchShard({ store, shard: name, onChange, log: pino({ enabled: false }), signal: stop.signal });
  const known = () => shards.current()?.version;
  const write = (ordinal: number) => shards.heard({ shard: shardOf(ordinal), version: `${ordinal}` });

  bring(1);
  await eventually(() => known() === "1");
  // 2 and 5 are others'; it has changed what it read of them, not what the watch had brought.
  for (const ordinal of [3, 6]) write(ordinal);
  for (const ordinal of [2, 3, 4, 5, 6]) bring(ordinal);
  write(5);
  bring(7);
  await eventually(() => known() === "7");
  // 1, two of its own, and 7: nothing in between.
  expect(heard).toBe(4);
  // Compared as numbers.
  bring(10);
  await eventually(() => known() === "10");
});
