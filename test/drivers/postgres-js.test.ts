// The driver `postgres` (Postgres.js) at the gateway: pipelines, prepared statements, cursors, COPY and transactions as it
// makes them, on tables of every kind.
import { pipeline } from "node:stream/promises";
import type pg from "pg";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients } from "../support/cluster-clients.ts";
import { makeDriverTables, restoreDriverTables, tableKinds } from "../support/driver-tables.ts";
import { eventually } from "../support/eventually.ts";

let cluster: TestCluster;
let clients: ClusterClients;
let admin: pg.Client;
let sql: postgres.Sql;

beforeAll(async () => {
  cluster = await startCluster({ shards: 3 });
  clients = new ClusterClients(cluster, 3);
  admin = await clients.open();
  await makeDriverTables(admin);
});
beforeEach(async () => {
  await restoreDriverTables(admin);
  sql = open();
});
afterEach(() => sql.end({ timeout: 5 }));
afterAll(async () => {
  await clients?.end();
  await cluster?.stop();
});

function open(options: postgres.Options<Record<string, postgres.PostgresType>> = {}): postgres.Sql {
  const address = { host: "127.0.0.1", port: cluster.port, user: "postgres", database: "postgres" };
  return postgres({ ...address, max: 4, onnotice: () => {}, ...options });
}

describe.each(tableKinds)("with an %s table", (kind) => {
  const name = `thing_${kind}`;

  test("values go in by type and come out as they were", async () => {
    const row = {
      id: 1000,
      word: "it's ä€😀 \\",
      big: "9223372036854775807",
      amount: "123.125",
      ratio: 0.1,
      flag: true,
      at: new Date("2026-05-06T07:08:09.010Z"),
      bytes: Buffer.from([0, 1, 255]),
      uid: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
      doc: { a: [1, null, "x"] },
      tags: ["a", 'b "c"', "", "d,e"],
      numbers: [1, -2],
    };
    const { doc, ...others } = row;
    const [inserted] =
      await sql`insert into ${sql(name)} ${sql({ ...others, doc: sql.json(doc) as never })} returning *`;
    expect(inserted).toMatchObject(row);
    expect((await sql`select * from ${sql(name)} where id = ${1000}`)[0]).toMatchObject(row);
    expect((await sql`select * from ${sql(name)} where word = ${row.word} and tags @> ${["a"]}`)[0]).toMatchObject(row);
    expect(await sql`select id from ${sql(name)} where id = any(${[1, 2, 1000]}::int[]) order by id`).toEqual([
      { id: 1 },
      { id: 2 },
      { id: 1000 },
    ]);
    expect(await sql`select id from ${sql(name)} where id in ${sql([3, 4])} order by id`).toEqual([
      { id: 3 },
      { id: 4 },
    ]);
  });

  test("many rows in one INSERT, and updates by its helpers", async () => {
    const rows = Array.from({ length: 2000 }, (_, i) => ({ id: 1000 + i, word: `w${i}`, big: String(i) }));
    expect((await sql`insert into ${sql(name)} ${sql(rows)}`).count).toBe(2000);
    expect(await sql`select count(*)::int, sum(big)::int from ${sql(name)} where id >= 1000`).toEqual([
      { count: 2000, sum: 1999000 },
    ]);
    const updated =
      await sql`update ${sql(name)} set ${sql({ word: "new", flag: null })} where id = ${1500} returning word, flag`;
    expect(updated).toEqual([{ word: "new", flag: null }]);
    expect((await sql`delete from ${sql(name)} where id >= ${1000}`).count).toBe(2000);
  });

  test("a cursor gives a few rows at a time, and may be left early", async () => {
    const batches: number[] = [];
    await sql`select id from ${sql(name)} order by id`.cursor(25, async (rows) => {
      batches.push(rows.length);
    });
    expect(batches).toEqual([25, 25, 10]);
    const seen: number[] = [];
    for await (const rows of sql<{ id: number }[]>`select id from ${sql(name)} where id > ${10} order by id`.cursor(
      4,
    )) {
      seen.push(...rows.map(({ id }) => id));
      if (seen.length >= 8) break;
    }
    expect(seen).toEqual([11, 12, 13, 14, 15, 16, 17, 18]);
    let count = 0;
    await sql`select * from ${sql(name)}`.forEach(() => {
      count++;
    });
    expect(count).toBe(60);
  });

  test("a transaction with savepoints keeps what is not undone", async () => {
    await sql.begin(async (tx) => {
      await tx`insert into ${tx(name)} (id) values (1001), (1002), (1003)`;
      await tx
        .savepoint(async (inner) => {
          await inner`insert into ${inner(name)} (id) values (1004), (1005), (1006)`;
          await inner`insert into ${inner(name)} (id) values (1)`;
        })
        .catch((error: postgres.PostgresError) => expect(error.code).toBe("23505"));
      await tx.savepoint("named", (inner) => inner`insert into ${inner(name)} (id) values (1007), (1008)`);
      expect(await tx`select count(*)::int from ${tx(name)} where id > 1000`).toEqual([{ count: 5 }]);
    });
    await expect(
      sql.begin("isolation level repeatable read", async (tx) => {
        await tx`delete from ${tx(name)}`;
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    expect(await sql`select id from ${sql(name)} where id > 1000 order by id`.values()).toEqual(
      [1001, 1002, 1003, 1007, 1008].map((id) => [id]),
    );
    await expect(sql.begin("read only", (tx) => tx`delete from ${tx(name)}`)).rejects.toMatchObject({ code: "25006" });
  });

  test("COPY streams in and out", async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `${1000 + i}\tline ${i}\n`);
    const writable = await sql`copy ${sql(name)} (id, word) from stdin`.writable();
    await pipeline(async function* () {
      // Cut where it hurts: not at ends of lines.
      const text = lines.join("");
      for (let at = 0; at < text.length; at += 1777) yield Buffer.from(text.slice(at, at + 1777));
    }, writable);
    expect(
      await sql`select count(*)::int, count(distinct word)::int as words from ${sql(name)} where id >= 1000`,
    ).toEqual([{ count: 3000, words: 3000 }]);
    const readable = await sql`copy ${sql(name)} (id, word) to stdout`.readable();
    const chunks: Buffer[] = [];
    for await (const chunk of readable) chunks.push(chunk as Buffer);
    const got = Buffer.concat(chunks)
      .toString()
      .split("\n")
      .filter((line) => /^\d{4}\t/.test(line));
    expect(got.sort()).toEqual(lines.map((line) => line.trimEnd()).sort());
  });

  test("without prepared statements it works too", async () => {
    const plain = open({ prepare: false });
    for (const id of [1, 20, 40]) {
      expect(await plain`select word from ${plain(name)} where id = ${id}`).toEqual([{ word: `word ${id}` }]);
      expect((await plain`update ${plain(name)} set flag = ${true} where id <= ${id}`).count).toBe(id);
    }
    await plain.end();
  });

  test("errors are PostgreSQL's, and what the statement was described as is right", async () => {
    const error = await sql`insert into ${sql(name)} (id) values (${7})`.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(postgres.PostgresError);
    expect(error).toMatchObject({
      code: "23505",
      constraint_name: `${name}_pkey`,
      table_name: name,
      severity_local: "ERROR",
    });
    const { types, columns } =
      await sql`select id, word, tags from ${sql(name)} where id = ${1} and doc @> ${"{}"}`.describe();
    expect(types).toEqual([23, 3802]);
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual(["id 23", "word 25", "tags 1009"]);
  });

  test("many queries at once go through few connections", async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => sql`select id, word from ${sql(name)} where id = ${(i % 60) + 1}`),
    );
    expect(answers.map(([row]) => row!.word)).toEqual(Array.from({ length: 200 }, (_, i) => `word ${(i % 60) + 1}`));
  });
});

test("unsafe runs several statements, simple ones and parameters", async () => {
  const results = await sql.unsafe(
    "select 1 as a; select id from thing_distributed where id < 3 order by id; select 'x' as b",
  );
  expect(results).toEqual([[{ a: 1 }], [{ id: 1 }, { id: 2 }], [{ b: "x" }]]);
  expect(await sql.unsafe("select $1::int + 1 as n", [41])).toEqual([{ n: 42 }]);
  expect(await sql`select 1 as a; select 2 as b`.simple()).toEqual([[{ a: 1 }], [{ b: 2 }]]);
  await expect(sql.unsafe("update thing_distributed set flag = true; select 1 / 0")).rejects.toMatchObject({
    code: "22012",
  });
  expect(await sql`select count(*)::int from thing_distributed where flag`).toEqual([{ count: 30 }]);
});

test("listen hears what notify says", async () => {
  const heard: string[] = [];
  const { unlisten } = await sql.listen("room", (payload) => heard.push(payload));
  await sql.notify("room", "one");
  await sql.begin(async (tx) => {
    await tx`update thing_distributed set flag = true`;
    await tx.notify("room", "two");
  });
  await eventually(() => heard.length === 2);
  expect(heard).toEqual(["one", "two"]);
  await unlisten();
});

test("a query can be cancelled, and the connection goes on", async () => {
  const one = open({ max: 1 });
  await one`select 1`;
  for (const query of [one`select pg_sleep(30)`, one`select pg_sleep(30) from thing_distributed`]) {
    const outcome = query.then(
      () => "done",
      (error: postgres.PostgresError) => error.code,
    );
    await eventually(async () => {
      const active = await clients.onShards(
        "select count(*) from pg_stat_activity where query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()",
      );
      return Object.values(active).some(([count]) => count !== "0");
    });
    query.cancel();
    expect(await outcome).toBe("57014");
  }
  expect(await one`select 2 as two`).toEqual([{ two: 2 }]);
  await one.end();
});

test("settings of the connection, reserved connections and reported parameters", async () => {
  const parameters = new Map<string, string>();
  const session = open({
    max: 1,
    connection: { application_name: "postgres.js", search_path: "public", statement_timeout: 5000 },
    onparameter: (key: string, value: unknown) => parameters.set(key, String(value)),
    target_session_attrs: "read-write",
  });
  const setting =
    await session`select current_setting('application_name') as name, current_setting('statement_timeout') as time from thing_distributed where id = 1`;
  expect(setting).toEqual([{ name: "postgres.js", time: "5s" }]);
  const reserved = await session.reserve();
  await reserved`set time zone 'Asia/Tokyo'`;
  expect(parameters.get("TimeZone")).toBe("Asia/Tokyo");
  await reserved`create temp table mine (n int)`;
  await reserved`insert into mine values (1)`;
  expect(await reserved`select count(*)::int from mine`).toEqual([{ count: 1 }]);
  reserved.release();
  await session.end();
});

test("composite, enum and their array types are found in the catalog", async () => {
  await admin.query("create type mood as enum ('low', 'high')");
  await admin.query("create table felt (id int primary key, now mood, before mood[])");
  await admin.query("select create_distributed_table('felt', 'id')");
  const fresh = open();
  for (let id = 1; id <= 12; id++) {
    await fresh`insert into felt values (${id}, ${"high"}, ${["low", "high"]})`;
    expect(await fresh`select now, before from felt where id = ${id}`).toEqual([
      { now: "high", before: ["low", "high"] },
    ]);
  }
  expect(await fresh`select distinct now, before from felt`).toEqual([{ now: "high", before: ["low", "high"] }]);
  await fresh.end();
  await admin.query("drop table felt");
  await admin.query("drop type mood");
});
