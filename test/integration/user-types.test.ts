// Types that users made have other object ids on every shard; clients see the home shard's, wherever their rows come from.
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../support/cluster.ts";

let cluster: TestCluster;
let client: pg.Client;
let moodOid: number;

beforeAll(async () => {
  cluster = await startCluster({ shards: 2 });
  client = new pg.Client({ host: "127.0.0.1", port: cluster.port, user: "postgres", database: "postgres" });
  await client.connect();
  // Temporary tables live at home only, and take object ids there.
  await client.query("CREATE TEMP TABLE t1 (a int); CREATE TEMP TABLE t2 (a int)");
  await client.query("CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')");
  await client.query("CREATE TABLE people (id int PRIMARY KEY, feeling mood, past mood[])");
  await client.query("SELECT create_distributed_table('people', 'id')");
  await client.query("INSERT INTO people SELECT g, 'ok', '{sad,ok}' FROM generate_series(1, 20) g");
  moodOid = (await client.query("SELECT 'mood'::regtype::oid::int AS oid")).rows[0].oid;
});
afterAll(async () => {
  await client.end();
  await cluster.stop();
});

test("the shards really differ", async () => {
  const oids = new Set<number>();
  for (const name of ["s1", "s2"]) {
    const shard = new pg.Client({
      ...(await cluster.shardAddress(name)),
      user: "shardgres",
      password: cluster.adminPassword,
      database: "postgres",
    });
    await shard.connect();
    oids.add((await shard.query("SELECT 'mood'::regtype::oid::int AS oid")).rows[0].oid);
    await shard.end();
  }
  expect(oids.size).toBe(2);
});

test("every way to a row tells the same type", async () => {
  for (let id = 1; id <= 20; id++) {
    for (const query of [
      { text: `SELECT feeling FROM people WHERE id = ${id}` },
      { text: "SELECT feeling FROM people WHERE id = $1", values: [id] },
      { name: "by_id", text: "SELECT feeling FROM people WHERE id = $1", values: [id] },
    ]) {
      const { fields, rows } = await client.query(query);
      expect(fields[0]!.dataTypeID).toBe(moodOid);
      expect(rows).toEqual([{ feeling: "ok" }]);
    }
  }
  for (const text of [
    "SELECT feeling FROM people",
    "SELECT feeling FROM people ORDER BY feeling, id LIMIT 3",
    "SELECT feeling FROM people GROUP BY feeling",
    "SELECT max(feeling) AS feeling FROM people",
  ]) {
    const { fields, rows } = await client.query(text);
    expect(fields[0]!.dataTypeID, text).toBe(moodOid);
    expect(rows[0]).toEqual({ feeling: "ok" });
  }
});

test("parameters of such a type find their way to every shard", async () => {
  for (let id = 1; id <= 20; id++) {
    const text = "UPDATE people SET feeling = $2 WHERE id = $1 RETURNING feeling";
    const { rows } = await client.query({ text, values: [id, "happy"] });
    expect(rows).toEqual([{ feeling: "happy" }]);
  }
  const { rows } = await client.query("SELECT count(*)::int AS n FROM people WHERE feeling = $1", ["happy"]);
  expect(rows).toEqual([{ n: 20 }]);
  const past = await client.query("SELECT past, count(*)::int AS n FROM people GROUP BY past ORDER BY past");
  expect(past.rows).toEqual([{ past: "{sad,ok}", n: 20 }]);
});
