// COPY (query) TO STDOUT whose functions write: it counts when it is committed, and the client hears when it is not.
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { backend } from "../../src/pgwire/message-type.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf, runAll } from "../support/cluster-clients.ts";
import { RawClient } from "../support/raw-client.ts";

let cluster: TestCluster;
let clients: ClusterClients;
let client: pg.Client;

beforeAll(async () => {
  cluster = await startCluster({ shards: 2 });
  clients = new ClusterClients(cluster, 2);
  client = await clients.open();
  await runAll(
    client,
    "create table item (id int primary key)",
    "create table trace (id int, n int, unique (id, n) deferrable initially deferred)",
    "select create_distributed_table('item', 'id')",
    "select create_distributed_table('trace', 'id')",
    "insert into item select n from generate_series(1, 20) n",
    `create function leave_trace(id int, n int) returns int language plpgsql as $$
     begin execute 'in' || 'sert into trace values ($1, $2)' using id, n; return id; end $$`,
    // The gateway does not look into operators; but who calls n() may write.
    "create function n() returns int volatile language sql as 'select 1'",
    "create operator ==> (leftarg = int, rightarg = int, function = leave_trace)",
  );
});
afterAll(async () => {
  await clients?.end();
  await cluster?.stop();
});

test.each(["on", "off"])("with atomic reads %s", async (atomicReads) => {
  await client.query("delete from trace");
  const raw = await RawClient.ready(cluster.port);
  await raw.query(`set shardgres.atomic_reads = ${atomicReads}`);
  const copy = async () => {
    await raw.query("copy (select id ==> 1 from item where n() = 1) to stdout");
    return raw.frames.map(({ type, bytes }) => ({ type, text: bytes.subarray(5).toString() }));
  };
  expect(await copy()).toContainEqual({ type: backend.commandComplete, text: "COPY 20\0" });
  expect(await rowsOf(client, "select count(*) from trace")).toEqual(["20"]);
  // The deferred constraint is looked at when it is committed.
  const answer = await copy();
  expect(answer.filter(({ type }) => type === backend.commandComplete)).toEqual([]);
  expect(answer.find(({ type }) => type === backend.errorResponse)?.text).toContain("23505");
  expect(await rowsOf(client, "select count(*) from trace")).toEqual(["20"]);
  raw.end();
});
