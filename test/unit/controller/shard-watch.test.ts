// Looking at the shards: those that answer are seen, whatever the others do.
import { expect, test } from "vitest";
import { ShardWatch } from "../../../src/controller/shard-watch.ts";
import type { AdminQuery } from "../../../src/pool/admin-connections.ts";
import type { ShardName } from "../../../src/topology/snapshot.ts";

const [s1, s2] = ["s1", "s2"] as ShardName[] as [ShardName, ShardName];
const nothingPrepared = [["200", "200000000", null, null, null, null, null]];

function scene(answer: (shard: ShardName) => ReturnType<AdminQuery>) {
  const changes: string[] = [];
  const asked: string[] = [];
  let shards = [s1, s2];
  const watch = new ShardWatch({
    ask: (shard) => {
      asked.push(shard);
      return answer(shard);
    },
    shards: () => shards,
    onChange: (shard, trouble) => changes.push(trouble === undefined ? `${shard} is up` : `${shard}: ${trouble}`),
  });
  const change = (names: ShardName[]) => {
    shards = names;
  };
  return { watch, changes, asked, change };
}

test("what a shard shows is read, and kept while it does not answer; changes are told once", async () => {
  let isDown = false;
  const rows = [["200", "200000000", "order 12", "app", "alice", "12.5", "7"]];
  const { watch, changes, change } = scene(async (shard) => {
    if (shard === s2 && isDown) throw new Error("gone");
    return shard === s1 ? nothingPrepared : rows;
  });
  const limits = { slots: 200, freezeMaxAge: 200_000_000 };
  const part = { shard: s2, gid: "order 12", database: "app", owner: "alice", ageSeconds: 12.5, xminAge: 7 };
  const seen = { shard: s2, prepared: [part], ...limits };
  expect(await watch.look()).toEqual([{ shard: s1, prepared: [], ...limits }, seen]);
  isDown = true;
  expect(await watch.look()).toHaveLength(1);
  expect(await watch.look()).toHaveLength(1);
  expect(watch.views.get(s2)).toEqual({ isUp: false, last: seen });
  isDown = false;
  await watch.look();
  expect(changes).toEqual(["s2: Error: gone", "s2 is up"]);
  change([s1]);
  await watch.look();
  expect([...watch.views.keys()]).toEqual([s1]);
});

test("a shard that hangs is waited for a little, and not asked again until it has answered", async () => {
  const hanging = Promise.withResolvers<(string | null)[][]>();
  const { watch, asked } = scene((shard) => (shard === s2 ? hanging.promise : Promise.resolve(nothingPrepared)));
  expect((await watch.look()).map(({ shard }) => shard)).toEqual([s1]);
  expect((await watch.look()).map(({ shard }) => shard)).toEqual([s1]);
  expect(asked).toEqual([s1, s2, s1]);
  hanging.resolve(nothingPrepared);
  await new Promise(setImmediate);
  expect(watch.views.get(s2)?.isUp).toBe(true);
  expect((await watch.look()).map(({ shard }) => shard)).toEqual([s1, s2]);
});
