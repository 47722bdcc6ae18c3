// The driver `pg` (node-postgres) at the gateway: what an application does with it, on tables of every kind.
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients } from "../support/cluster-clients.ts";
import { makeDriverTables, restoreDriverTables, tableKinds } from "../support/driver-tables.ts";
import { eventually } from "../support/eventually.ts";

let cluster: TestCluster;
let clients: ClusterClients;
let client: pg.Client;

beforeAll(async () => {
  cluster = await startCluster({ shards: 3 });
  clients = new ClusterClients(cluster, 3);
  client = await clients.open();
  await makeDriverTables(client);
});
beforeEach(async () => {
  await client.query("rollback");
  await restoreDriverTables(client);
});
afterAll(async () => {
  await clients?.end();
  await cluster?.stop();
});

const address = () => ({ host: "127.0.0.1", port: cluster.port, user: "postgres", database: "postgres" });

describe.each(tableKinds)("with an %s table", (kind) => {
  const table = `thing_${kind}`;

  test("values of all types go in as parameters and come out as they were", async () => {
    const row = {
      id: 1000,
      word: 'it\'s "ä€😀" \\ \n',
      big: "9223372036854775807",
      amount: "123456789.125",
      ratio: 0.1,
      flag: true,
      at: new Date("2026-05-06T07:08:09.010Z"),
      day: "2026-02-28",
      bytes: Buffer.from([0, 1, 39, 92, 255]),
      uid: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
      doc: { a: [1, null, "x"], b: { c: true } },
      tags: ["a", 'b "c"', null, "d,e", ""],
      numbers: [1, -2, 2147483647],
    };
    const columns = Object.keys(row);
    const places = columns.map((_, i) => `$${i + 1}`);
    const values = Object.values(row);
    const inserted = await client.query(
      `insert into ${table} (${columns.join(", ")}) values (${places.join(", ")}) returning *, day::text as day`,
      values,
    );
    expect(inserted.rowCount).toBe(1);
    const selected = await client.query(`select *, day::text as day from ${table} where id = $1`, [1000]);
    expect(selected.rows).toEqual([row]);
    expect(inserted.rows).toEqual([row]);
    const all = await client.query(`select *, day::text as day from ${table} where word = $1`, [row.word]);
    expect(all.rows).toEqual([row]);
    const nothing = columns.map((column) => (column === "id" ? 1001 : null));
    await client.query(`insert into ${table} (${columns.join(", ")}) values (${places.join(", ")})`, nothing);
    const nulls = await client.query({ text: `select * from ${table} where id = 1001`, rowMode: "array" });
    expect(nulls.rows).toEqual([nothing]);
  });

  test("fields of the answer have the types of their columns", async () => {
    const { fields } = await client.query(`select * from ${table}`);
    expect(fields.map(({ name, dataTypeID }) => `${name} ${dataTypeID}`)).toEqual([
      ...["id 23", "word 25", "big 20", "amount 1700", "ratio 701", "flag 16", "at 1184", "day 1082", "bytes 17"],
      ...["uid 2950", "doc 3802", "tags 1009", "numbers 1007"],
    ]);
    const empty = await client.query(`select id, word from ${table} where false`);
    expect(empty.rows).toEqual([]);
    expect(empty.fields.map(({ dataTypeID }) => dataTypeID)).toEqual([23, 25]);
  });

  test("a named statement is prepared once and used often", async () => {
    const query = { name: `by-id-${kind}`, text: `select word from ${table} where id = $1` };
    for (const id of [1, 2, 3, 17, 58, 1]) {
      expect((await client.query({ ...query, values: [id] })).rows).toEqual([{ word: `word ${id}` }]);
    }
    await expect(client.query({ ...query, text: "select 1", values: [1] })).rejects.toThrow(/must be unique/);
    const sum = {
      name: `sum-${kind}`,
      text: `select count(*)::int as count, sum(id)::int as sum from ${table} where id > $1`,
    };
    for (const least of [0, 30, 60]) {
      const expected = { count: 60 - least, sum: least === 60 ? null : 1830 - (least * (least + 1)) / 2 };
      expect((await client.query({ ...sum, values: [least] })).rows).toEqual([expected]);
    }
  });

  test("binary results are asked for and given", async () => {
    // (pg misreads large and fractional binary numbers, PostgreSQL's as well.)
    const query = { text: `select id, flag, word from ${table} where id <= $1 order by id`, values: [3] };
    const binary = await client.query({ ...query, binary: true } as pg.QueryConfig);
    expect(binary.rows).toEqual((await client.query(query)).rows);
    expect(binary.rows[1]).toEqual({ id: 2, flag: true, word: "word 2" });
    const count = await client.query({
      text: `select count(*)::int from ${table} where id > $1`,
      values: [10],
      binary: true,
    } as pg.QueryConfig);
    expect(count.rows).toEqual([{ count: 50 }]);
  });

  test("rows may be taken a few at a time", async () => {
    const query = { text: `select id from ${table} where id > $1 order by id`, values: [0], rows: 7 } as pg.QueryConfig;
    const { rows } = await client.query(query);
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  });

  test("writes tell how many rows they have changed", async () => {
    const counts = async (text: string, values: unknown[] = []) => {
      const { command, rowCount } = await client.query(text, values);
      return `${command} ${rowCount}`;
    };
    expect(await counts(`update ${table} set flag = $1`, [true])).toBe("UPDATE 60");
    expect(await counts(`update ${table} set flag = not flag where id = any($1)`, [[1, 2, 3]])).toBe("UPDATE 3");
    expect(await counts(`delete from ${table} where id in ($1, $2)`, [4, 5])).toBe("DELETE 2");
    expect(
      await counts(`insert into ${table} (id, word) values ($1, $2), ($3, $2), ($4, $2)`, [101, "x", 102, 103]),
    ).toBe("INSERT 3");
    expect(await counts(`insert into ${table} (id) values ($1), ($2) on conflict (id) do nothing`, [101, 104])).toBe(
      "INSERT 1",
    );
    expect(
      await counts(
        `insert into ${table} (id, word) values ($1, $2) on conflict (id) do update set word = excluded.word || '!'`,
        [101, "y"],
      ),
    ).toBe("INSERT 1");
    expect((await client.query(`select word from ${table} where id in (101, 104) order by id`)).rows).toEqual([
      { word: "y!" },
      { word: null },
    ]);
    expect(await counts(`select from ${table}`)).toBe("SELECT 62");
  });

  test("errors have the fields of PostgreSQL's", async () => {
    await expect(client.query(`insert into ${table} (id) values ($1)`, [7])).rejects.toMatchObject({
      severity: "ERROR",
      code: "23505",
      detail: "Key (id)=(7) already exists.",
      schema: "public",
      table,
      constraint: `${table}_pkey`,
      routine: "_bt_check_unique",
    });
    await expect(client.query(`select nope from ${table} where id = $1`, [7])).rejects.toMatchObject({
      code: "42703",
      position: "8",
    });
    await expect(client.query(`select * from ${table} where id = $1`, ["seven"])).rejects.toMatchObject({
      code: "22P02",
      message: 'invalid input syntax for type integer: "seven"',
    });
    await expect(client.query(`select * from ${table} where id = $1`, ["99999999999"])).rejects.toMatchObject({
      code: "22003",
    });
    expect((await client.query(`select count(*)::int as count from ${table}`)).rows).toEqual([{ count: 60 }]);
  });

  test("a pool of few connections serves many at once, each with its own transaction", async () => {
    const pool = new pg.Pool({ ...address(), max: 5 });
    await Promise.all(
      Array.from({ length: 20 }, async (_, worker) => {
        const session = await pool.connect();
        try {
          await session.query("begin");
          for (const id of [1000 + worker, 2000 + worker, 3000 + worker]) {
            await session.query(`insert into ${table} (id, word) values ($1, $2)`, [id, `worker ${worker}`]);
          }
          await session.query(worker % 4 === 3 ? "rollback" : "commit");
        } finally {
          session.release();
        }
        const { rows } = await pool.query(`select count(*)::int as count from ${table} where word = $1`, [
          `worker ${worker}`,
        ]);
        expect(rows).toEqual([{ count: worker % 4 === 3 ? 0 : 3 }]);
      }),
    );
    await pool.end();
    expect((await client.query(`select count(*)::int as count from ${table} where id >= 1000`)).rows).toEqual([
      { count: 45 },
    ]);
  });

  test("queries that are sent ahead of their answers are answered in order", async () => {
    const ahead = new pg.Client({ ...address(), pipeline: true } as pg.ClientConfig);
    await ahead.connect();
    const answers = await Promise.allSettled([
      ...Array.from({ length: 40 }, (_, i) =>
        ahead.query(`select id, $2::text as note from ${table} where id = $1`, [i + 1, `n${i}`]),
      ),
      ahead.query(`insert into ${table} (id) values ($1)`, [1]),
      ahead.query(`update ${table} set word = 'ahead' where id <= $1`, [10]),
      ahead.query(`select count(*)::int as count from ${table} where word = $1`, ["ahead"]),
    ]);
    const rows = answers.map((answer) =>
      answer.status === "fulfilled" ? answer.value.rows : (answer.reason as { code: string }).code,
    );
    expect(rows.slice(0, 40)).toEqual(Array.from({ length: 40 }, (_, i) => [{ id: i + 1, note: `n${i}` }]));
    expect(rows.slice(40)).toEqual(["23505", [], [{ count: 10 }]]);
    await ahead.end();
  });
});

test("several statements in one text give several results", async () => {
  const results = (await client.query(
    "select 1 as one; update thing_distributed set flag = true where id < 4; select count(*)::int as n from thing_reference",
  )) as unknown as pg.QueryResult[];
  expect(results.map(({ command, rowCount }) => `${command} ${rowCount}`)).toEqual([
    "SELECT 1",
    "UPDATE 3",
    "SELECT 1",
  ]);
  expect(results[2]!.rows).toEqual([{ n: 60 }]);
});

test("rows are events as they come", async () => {
  const query = new pg.Query("select d.id, n from thing_distributed d, generate_series(1, 200) n");
  let [count, sum] = [0, 0];
  query.on("row", (row: { id: number; n: number }) => {
    count++;
    sum += row.id * row.n;
  });
  const ended = new Promise((resolve, reject) => {
    query.on("end", resolve);
    query.on("error", reject);
  });
  client.query(query);
  await ended;
  expect([count, sum]).toEqual([12_000, 1830 * 20_100]);
});

test("a session of the pool listens, and is told", async () => {
  const pool = new pg.Pool(address());
  const listener = await pool.connect();
  const heard: (string | undefined)[] = [];
  listener.on("notification", ({ payload }) => heard.push(payload));
  await listener.query("listen changes");
  await pool.query("select pg_notify('changes', $1)", ["one"]);
  await pool.query("notify changes, 'two'");
  await eventually(() => heard.length === 2);
  expect(heard).toEqual(["one", "two"]);
  await listener.query("unlisten *");
  listener.release();
  await pool.end();
});

test("what the connection string and the options say holds", async () => {
  const options = encodeURIComponent("-c statement_timeout=4s -c search_path=pg_catalog");
  const session = new pg.Client({
    connectionString: `postgres://postgres@127.0.0.1:${cluster.port}/postgres?application_name=app&options=${options}`,
    lock_timeout: 3000,
    idle_in_transaction_session_timeout: 5000,
  });
  await session.connect();
  const { rows } = await session.query(
    `select current_setting('statement_timeout') as a, current_setting('search_path') as b, current_setting('lock_timeout') as c,
            current_setting('application_name') as d
       from public.thing_distributed where id = 5`,
  );
  expect(rows).toEqual([{ a: "4s", b: "pg_catalog", c: "3s", d: "app" }]);
  const shown = await session.query("show idle_in_transaction_session_timeout");
  expect(shown.rows).toEqual([{ idle_in_transaction_session_timeout: "5s" }]);
  await session.end();
});

test("statement_timeout ends a query over several shards, and the session goes on", async () => {
  const session = new pg.Client({ ...address(), statement_timeout: 200 });
  await session.connect();
  await expect(session.query("select pg_sleep(20) from thing_distributed")).rejects.toMatchObject({ code: "57014" });
  await expect(session.query("select pg_sleep(20)")).rejects.toMatchObject({ code: "57014" });
  expect((await session.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  await session.end();
});

test("quoted names and literals are what they seem", async () => {
  const name = client.escapeIdentifier('odd "name"; drop table');
  const text = client.escapeLiteral("o'dd \\ $1 -- /* ");
  await client.query(`create table ${name} (${client.escapeIdentifier("Key")} int primary key, v text)`);
  await client.query("select create_distributed_table($1, $2)", [`public.${name}`, "Key"]);
  await client.query(`insert into ${name} values (1, ${text}), (2, ${text}), (3, ${text})`);
  const { rows } = await client.query(`select "Key" from ${name} where v = $1 order by 1`, ["o'dd \\ $1 -- /* "]);
  expect(rows).toEqual([{ Key: 1 }, { Key: 2 }, { Key: 3 }]);
  await client.query(`drop table ${name}`);
});
