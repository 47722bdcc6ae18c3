// Reads on standbys do not wait for primaries, even where others have waited for one in vain.
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";
import { ReplicatedCluster } from "../support/replicated-cluster.ts";

const impatient = "set shardgres.hold_timeout = '500ms'";
const counted = "select count(*) from item";
const known = "select count(*) from item where id > $1";

let cluster: ReplicatedCluster;
let client: pg.Client;
let writer: pg.Client;

beforeAll(async () => {
  cluster = await ReplicatedCluster.start({ shards: 2, standbys: 1 });
  [client, writer] = [await cluster.open(), await cluster.open()];
  await runAll(
    writer,
    "create table item (id int primary key)",
    "create table home_item (id int primary key)",
    "select create_distributed_table('item', 'id')",
    "insert into item select n from generate_series(1, 20) n",
    "insert into home_item select n from generate_series(1, 20) n",
    impatient,
  );
  await runAll(client, impatient, "set shardgres.read_from = standby", "set shardgres.max_standby_lag = '1h'");
  await eventually(async () => (await rowsOf(client, counted).catch(() => []))[0] === "20");
  await eventually(async () => (await rowsOf(client, "select from home_item").catch(() => [])).length === 20);
  expect(await rowsOf(client, known, [0])).toEqual(["20"]);
});
afterAll(() => cluster?.stop());

test("over several shards, in a transaction and outside of one", async () => {
  await cluster.server("s2-0").stop();
  await expect(writer.query("delete from item")).rejects.toMatchObject({ code: "57P03" });
  expect(await rowsOf(client, counted)).toEqual(["20"]);
  await client.query("begin read only");
  expect(await rowsOf(client, counted)).toEqual(["20"]);
  await client.query("commit");
});

test("by the extended protocol, with statements that are known or new", async () => {
  await cluster.server("s1-0").stop();
  // New to whoever looks for the primary first, and to who knows that there is none.
  expect(await rowsOf(client, "select id from item where id = $1", [7])).toEqual(["7"]);
  expect(await rowsOf(client, "select count(*) from home_item where id < $1", [7])).toEqual(["6"]);
  expect(await rowsOf(client, known, [0])).toEqual(["20"]);
  await expect(rowsOf(client, "delete from home_item where id = $1", [1])).rejects.toMatchObject({ code: "57P03" });
});
