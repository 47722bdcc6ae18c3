// What a real PostgreSQL says of its tables before they are distributed, and what is decided from it.
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Builtins, loadBuiltins } from "../../src/catalog/builtins.ts";
import {
  type DistributionFacts,
  distributionFactsSql,
  parseDistributionFacts,
} from "../../src/catalog/distribution-facts.ts";
import { colocationTable, type DistributionRequest, decideDistribution } from "../../src/catalog/distribution-rules.ts";
import { loadCatalog } from "../../src/catalog/loader.ts";
import { metadataSchemaSql } from "../../src/catalog/metadata-schema.ts";
import { registerTableSql } from "../../src/catalog/register-table.ts";
import { SqlError } from "../../src/pgwire/sql-error.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";

let server: PostgresServer;
let client: pg.Client;
let builtins: Builtins;

beforeAll(async () => {
  server = await startPostgres();
  client = new pg.Client({ connectionString: server.connectionString });
  await client.connect();
  await client.query(metadataSchemaSql);
  await client.query("create extension btree_gist");
  builtins = await loadBuiltins(queryText);
});

afterAll(async () => {
  await client?.end();
  await server?.stop();
});

async function queryText(sql: string): Promise<string> {
  const { rows } = await client.query<string[]>({ text: sql, rowMode: "array" });
  return rows[0]?.[0] ?? "";
}

async function facts(table: string, colocateWith?: string): Promise<DistributionFacts> {
  return parseDistributionFacts(await queryText(distributionFactsSql(table, colocationTable(colocateWith))));
}

/** Decides, and records it. "ok" or the code of the error, and its message. */
async function carryOut(table: string, request: DistributionRequest): Promise<{ code: string; message: string }> {
  const colocateWith = request.action === "distribute" ? request.colocateWith : undefined;
  const catalog = await loadCatalog(queryText, builtins);
  const known = await facts(table, colocateWith);
  try {
    const { relation, distribution } = decideDistribution(catalog, known, request);
    await client.query(registerTableSql(relation, distribution));
    return { code: "ok", message: "" };
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    return { code: /\[(SG\d+)\]$/.exec(error.message)?.[1] ?? error.fields.code, message: error.message };
  }
}

const distribute = async (table: string, shardKey: string, colocateWith?: string) =>
  (await carryOut(table, { action: "distribute", shardKey, colocateWith })).code;
const makeReference = async (table: string) => (await carryOut(table, { action: "reference" })).code;
const undistribute = async (table: string) => (await carryOut(table, { action: "undistribute" })).code;

/** Tests undo what they did: DDL, and metadata with it. */
function inTransaction(run: () => Promise<void>): () => Promise<void> {
  return async () => {
    await client.query("begin");
    try {
      await run();
    } finally {
      await client.query("rollback");
    }
  };
}

describe("a shop", () => {
  const shop = `
    create table country (code char(2) primary key);
    create table customer (tenant bigint, id bigint generated always as identity, country char(2) references country, primary key (tenant, id));
    create table purchase (tenant bigint, id bigint default 1, customer bigint, note text,
      primary key (tenant, id));
    create table remark (id bigint primary key, text text);`;

  test(
    "is distributed table by table, each foreign key added when both sides are ready",
    inTransaction(async () => {
      await client.query(shop);
      expect(await distribute("customer", "tenant")).toBe("SG111");
      expect(await makeReference("country")).toBe("ok");
      expect(await distribute("customer", "id")).toBe("ok");
      expect(await undistribute("customer")).toBe("ok");
      expect(await distribute("customer", "tenant")).toBe("ok");
      await client.query("savepoint s; alter table purchase add foreign key (tenant, customer) references customer");
      expect(await distribute("purchase", "tenant")).toBe("ok");
      expect(await undistribute("customer")).toBe("SG111");
      expect(await undistribute("country")).toBe("SG111");
      await client.query("rollback to s; alter table purchase add foreign key (tenant, customer) references customer");
      expect(await distribute("purchase", "id")).toBe("SG113");
      expect(await distribute("purchase", "tenant", "none")).toBe("SG113");
      expect(await distribute("purchase", "tenant", "customer")).toBe("ok");
      expect(await distribute("remark", "text")).toBe("SG110");
      expect(await distribute("remark", "id", "purchase")).toBe("ok");
      const catalog = await loadCatalog(queryText, builtins);
      const groups = ["customer", "purchase", "remark"].map(
        (name) => catalog.relations.get("public")?.get(name)?.distribution,
      );
      // The first group has no table any more; its number is not given again.
      expect(groups).toMatchObject([{ colocationGroup: 2 }, { colocationGroup: 2 }, { colocationGroup: 2 }]);
    }),
  );

  test(
    "is distributed table by table with the foreign keys that its empty tables have had from the beginning",
    inTransaction(async () => {
      await client.query(shop);
      await client.query("alter table purchase add foreign key (tenant, customer) references customer");
      expect(await makeReference("country")).toBe("ok");
      expect(await distribute("purchase", "tenant")).toBe("SG111");
      expect(await distribute("customer", "tenant")).toBe("ok");
      const pending = async () => (await loadCatalog(queryText, builtins)).hasPendingKeys;
      const { relations } = await loadCatalog(queryText, builtins);
      expect(relations.get("public")?.get("purchase")?.pendingKey).toEqual({
        table: "public.purchase",
        to: "public.customer",
        columns: ["tenant"],
      });
      expect(await pending()).toBe(true);
      expect(await makeReference("purchase")).toBe("SG114");
      expect(await undistribute("customer")).toBe("ok");
      expect(await pending()).toBe(false);
      expect(await distribute("customer", "tenant")).toBe("ok");
      expect(await distribute("purchase", "tenant")).toBe("ok");
      expect(await pending()).toBe(false);
      expect(await undistribute("purchase")).toBe("SG112");
    }),
  );

  test(
    "whose partitioned table has a foreign key: the table and its partitions wait for it",
    inTransaction(async () => {
      await client.query(`
        create table customer (id bigint primary key);
        create table visit (customer bigint references customer, day date) partition by range (day);
        create table visit_1 partition of visit default;
        create table other (customer bigint) partition by list (customer);
        create table "Other 1" partition of other (foreign key (customer) references customer) default`);
      await client.query("savepoint s; insert into customer values (1); insert into visit values (1, 'today')");
      expect(await distribute("customer", "id")).toBe("SG112");
      await client.query("rollback to s");
      expect(await distribute("customer", "id")).toBe("ok");
      const tables = (await loadCatalog(queryText, builtins)).relations.get("public")!;
      const waiting = [...tables.values()].map(({ name, pendingKey }) => [name, pendingKey?.table]);
      expect(Object.fromEntries(waiting)).toEqual({
        customer: undefined,
        visit: "public.visit",
        visit_1: "public.visit",
        other: "public.other",
        "Other 1": "public.other",
      });
    }),
  );

  test(
    "and the tables without rows that point to it are locked, whoever owns them and whatever he may see",
    inTransaction(async () => {
      await client.query(`
        create role clerk; create schema c authorization clerk; grant usage on schema c to public; set local role clerk;
        create table c.customer (id bigint primary key); reset role;
        create table c.note (customer bigint references c.customer);
        alter table c.note enable row level security; set local role clerk`);
      expect((await facts("c.customer")).filledReferences).toEqual([]);
      expect(
        await queryText("select mode from pg_locks where relation = 'c.note'::regclass and mode like 'Share%'"),
      ).toBe("ShareRowExclusiveLock");
      await client.query("reset role; insert into c.note values (null); set local role clerk");
      expect((await facts("c.customer")).filledReferences).toHaveLength(1);
      expect(await distribute("c.customer", "id")).toBe("SG112");
    }),
  );

  test(
    "with foreign keys among unsharded tables that have rows says what to do",
    inTransaction(async () => {
      await client.query(shop);
      await client.query(
        "alter table purchase add constraint bought foreign key (tenant, customer) references customer",
      );
      await client.query("alter table customer drop column country; insert into purchase values (1, 1, null)");
      const refused = await carryOut("customer", { action: "distribute", shardKey: "tenant", colocateWith: undefined });
      expect(refused.message).toBe(
        'foreign key "bought" of public.purchase to public.customer points from an unsharded table to a distributed one [SG112]',
      );
    }),
  );
});

describe("unique indexes", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["a primary key of other columns", "create table t (k int, a int primary key)", "SG110"],
    ["a primary key with the shard key", "create table t (k int, a int, primary key (a, k))", "ok"],
    ["the shard key among INCLUDE", "create table t (k int, a int, unique (a) include (k))", "SG110"],
    ["an expression of it", "create table t (k int, a int); create unique index on t ((k + 1), a)", "SG110"],
    ["a partial index", "create table t (k int, a int); create unique index on t (a) where k > 0", "SG110"],
    ["an index that is not unique", "create table t (k int, a int); create index on t (a)", "ok"],
    ["EXCLUDE with =", "create table t (k int, r int4range, exclude using gist (k with =, r with &&))", "ok"],
    ["EXCLUDE with another operator", "create table t (k int, exclude using gist (k with <>))", "SG110"],
    [
      "a collation that takes different texts for equal",
      `create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
       create table t (k text, a int); create unique index on t (k collate loose, a)`,
      "SG110",
    ],
    [
      "an index of one partition only",
      `create table t (k int, a int) partition by list (a); create table t1 partition of t for values in (1);
       create unique index on t1 (a)`,
      "SG110",
    ],
  ];
  test.each(cases)("%s", (_, ddl, expected) =>
    inTransaction(async () => {
      await client.query(ddl);
      expect(await distribute("t", "k")).toBe(expected);
    })(),
  );
});

describe("kinds of tables", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["a temporary table", "create temp table t (k int)", "SG101"],
    ["an unlogged table", "create unlogged table t (k int)", "SG101"],
    ["a view", "create view t as select 1 as k", "SG100"],
    ["a sequence", "create sequence t", "SG100"],
    ["a partition", "create table p (k int) partition by list (k); create table t partition of p default", "SG102"],
    ["an inheritance child", "create table p (k int); create table t () inherits (p)", "SG103"],
    ["an inheritance parent", "create table t (k int); create table c () inherits (t)", "SG103"],
    ["a table with a rule", "create table t (k int); create rule r as on delete to t do instead nothing", "SG104"],
    [
      "a table with a partition that has a rule",
      "create table t (k int) partition by list (k); create table c partition of t default; create rule r as on delete to c do instead nothing",
      "SG104",
    ],
    ["a domain as key", "create domain d as int; create table t (k d)", "SG107"],
    ["an array as key", "create table t (k int[])", "SG107"],
    ["an enum as key", "create type e as enum ('a'); create table t (k e)", "SG107"],
    ["a generated key", "create table t (a int, k int generated always as (a + 1) stored)", "SG108"],
    [
      "a key with a nondeterministic collation",
      `create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
       create table t (k text collate loose)`,
      "SG109",
    ],
    [
      "a partitioned table",
      "create table t (k int, a int) partition by list (a); create table c partition of t default",
      "ok",
    ],
  ];
  test.each(cases)("%s", (_, ddl, expected) =>
    inTransaction(async () => {
      await client.query(ddl);
      expect(await distribute("t", "k")).toBe(expected);
    })(),
  );

  test("a system catalog, and a table of our own", async () => {
    expect(await makeReference("pg_class")).toBe("SG100");
    expect(await makeReference("shardgres.tables")).toBe("SG100");
  });

  test(
    "a table of any name is found as regclass finds it",
    inTransaction(async () => {
      await client.query(`create schema "A b"; create table "A b"."it's\\ ""x""" ("K, 1" int)`);
      expect(await distribute(`"A b"."it's\\ ""x"""`, '"K, 1"')).toBe("ok");
      await client.query('set local search_path to "A b"');
      expect((await facts(`"it's\\ ""x"""`)).name).toBe(`"it's\\ ""x"""`);
    }),
  );

  test("a table that is not there is PostgreSQL's own error", async () => {
    await expect(facts("nowhere")).rejects.toMatchObject({ code: "42P01" });
    await expect(facts("pg_class", "nowhere")).rejects.toMatchObject({ code: "42P01" });
  });
});

describe("code beside the table", () => {
  const base = "create table t (k int, a int); create table local (k int, n int);";
  const trigger = (body: string, on = "t") => `
    create function f() returns trigger language plpgsql as $f$ begin ${body} return new; end $f$;
    create trigger x before insert on ${on} for each row execute function f();`;
  const cases: readonly (readonly [string, string, string])[] = [
    ["a trigger that changes its own row", `${base} ${trigger("new.a := 1;")}`, "ok"],
    ["a trigger that reads an unsharded table", `${base} ${trigger("select n into new.a from local;")}`, "SG116"],
    [
      "a trigger of another table that writes this one",
      `${base} ${trigger("insert into t values (1);", "local")}`,
      "SG116",
    ],
    ["a disabled trigger", `${base} ${trigger("delete from local;")} alter table t disable trigger x`, "ok"],
    ["a policy on its own columns", `${base} create policy p on t using (k = current_setting('a.b')::int)`, "ok"],
    ["a policy that reads another table", `${base} create policy p on t using (exists (select from local))`, "SG117"],
    [
      "a policy of another table that reads this one",
      `${base} create policy p on local using (exists (select from t))`,
      "SG117",
    ],
    [
      "a policy that reads a view of another table",
      `${base} create view v as select * from local; create policy p on t using (exists (select from v))`,
      "SG117",
    ],
    [
      "a check whose function reads another table",
      `${base} create function f(int) returns boolean language sql as 'select exists (select from local)';
       alter table t add check (f(a))`,
      "SG117",
    ],
    [
      "a default whose function reads another table",
      `${base} create function f() returns int language sql stable return (select max(n) from local);
       alter table t alter a set default f()`,
      "SG117",
    ],
    ["a default with a sequence", `${base} create sequence s; alter table t alter a set default nextval('s')`, "ok"],
    ["a check of itself", `${base} alter table t add check (a > 0)`, "ok"],
  ];
  test.each(cases)("%s", (_, ddl, expected) =>
    inTransaction(async () => {
      await client.query(ddl);
      expect(await distribute("t", "k")).toBe(expected);
    })(),
  );
});

test(
  "tables whose rows logical replication cannot tell apart are named",
  inTransaction(async () => {
    await client.query(`
      create table "No Key" (k int); create table keyed (k int primary key);
      create table t (k int, a int) partition by list (a); create table c partition of t default;
      alter table keyed replica identity nothing`);
    expect((await facts('"No Key"')).withoutReplicaIdentity).toEqual(['public."No Key"']);
    expect((await facts("t")).withoutReplicaIdentity).toEqual(["public.c"]);
    expect((await facts("keyed")).withoutReplicaIdentity).toEqual(["public.keyed"]);
    await client.query("alter table keyed replica identity default; alter table c replica identity full");
    expect((await facts("keyed")).withoutReplicaIdentity).toEqual([]);
    expect((await facts("t")).withoutReplicaIdentity).toEqual([]);
  }),
);
