// A schema with all its foreign keys, as migration tools make it, is distributed table by table.
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf, runAll } from "../support/cluster-clients.ts";

let cluster: TestCluster;
let clients: ClusterClients;
let client: pg.Client;

beforeAll(async () => {
  cluster = await startCluster({ shards: 3 });
  clients = new ClusterClients(cluster, 3);
  client = await clients.open();
});
beforeEach(() =>
  runAll(
    client,
    "create schema shop",
    "set search_path to shop",
    "create table country (code text primary key)",
    "create table customer (id bigint primary key, country text references country)",
    "create table purchase (customer_id bigint references customer on delete cascade, id int, primary key (customer_id, id))",
    "insert into country values ('de'), ('fr')",
    "insert into customer select n, 'de' from generate_series(1, 40) n",
  ),
);
afterEach(async () => {
  await client.query("rollback");
  await client.query("drop schema shop cascade");
});
afterAll(async () => {
  await clients?.end();
  await cluster?.stop();
});

const pending = /cannot have rows before it is distributed too \[SG125\]$/;

test("tables that exist are distributed in the order of their keys, and the keys hold on every shard", async () => {
  await client.query("select create_reference_table('country')");
  await client.query("select create_distributed_table('customer', 'id')");
  await expect(client.query("insert into purchase values (1, 1)")).rejects.toMatchObject({
    code: "0A000",
    message: expect.stringMatching(pending),
    hint: "Distribute it now, while it is empty: SELECT create_distributed_table('shop.purchase', 'customer_id', colocate_with => 'shop.customer'); or drop the foreign key.",
  });
  expect(await rowsOf(client, "select count(*) from purchase")).toEqual(["0"]);
  await client.query("select create_distributed_table('purchase', 'customer_id', colocate_with => 'customer')");
  await client.query("insert into purchase select n, 1 from generate_series(1, 40) n");
  await expect(client.query("insert into purchase values (41, 1)")).rejects.toMatchObject({ code: "23503" });
  await client.query("delete from customer where id <= 10");
  expect(await rowsOf(client, "select count(*) from purchase")).toEqual(["30"]);
  await expect(client.query("delete from country where code = 'de'")).rejects.toMatchObject({ code: "23503" });
});

test("a table made after the one that it points to was distributed waits as well", async () => {
  await runAll(
    client,
    "select create_reference_table('country')",
    "select create_distributed_table('customer', 'id')",
    "create table visit (customer_id bigint not null references customer)",
  );
  const other = await clients.open();
  await expect(other.query("insert into shop.visit values (1)")).rejects.toThrow(pending);
  await expect(other.query("insert into shop.visit values ($1)", [1])).rejects.toThrow(pending);
  await runAll(client, "select create_distributed_table('visit', 'customer_id')", "insert into visit values (1), (2)");
  expect(await rowsOf(other, "select count(*) from shop.visit")).toEqual(["2"]);
});

test("a table with rows that points to it keeps a table from being distributed", async () => {
  await client.query("insert into purchase values (1, 1)");
  await client.query("select create_reference_table('country')");
  const refused = expect.stringMatching(/\[SG112\]$/);
  await expect(client.query("select create_distributed_table('customer', 'id')")).rejects.toMatchObject({
    message: refused,
  });
});

test("a row that is on its way into a table keeps the table that it points to from being distributed", async () => {
  const other = await clients.open();
  await client.query("select create_reference_table('country')");
  await client.query("alter table purchase alter constraint purchase_customer_id_fkey deferrable initially deferred");
  await runAll(other, "begin", "insert into shop.purchase values (1, 1)");
  const outcome = client.query("select create_distributed_table('customer', 'id')").catch((error: Error) => error);
  const home = await clients.shard("s1");
  const waiting = "select count(*) from pg_locks where not granted and relation = 'shop.purchase'::regclass";
  await expect.poll(() => rowsOf(home, waiting)).toEqual(["1"]);
  await other.query("rollback");
  expect(await outcome).toMatchObject({ command: "SELECT" });
});

test("the first table is unsharded again while nothing that points to it is distributed", async () => {
  await runAll(
    client,
    "select create_reference_table('country')",
    "select create_distributed_table('customer', 'id')",
    "select undistribute_table('customer')",
    "insert into purchase values (40, 1)",
  );
  expect(await rowsOf(client, "select customer.id from customer join purchase on customer.id = customer_id")).toEqual([
    "40",
  ]);
});
