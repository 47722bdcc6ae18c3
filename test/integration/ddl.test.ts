// DDL through the gateway: on all shards or on none, together with the rows of the same transaction, and seen by every
// session as soon as it is committed.
import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf, runAll } from "../support/cluster-clients.ts";

let cluster: TestCluster;
let clients: ClusterClients;
let client: pg.Client;
let other: pg.Client;

beforeAll(async () => {
  cluster = await startCluster({ shards: 3 });
  clients = new ClusterClients(cluster, 3);
  client = await clients.open();
  other = await clients.open();
  await runAll(
    client,
    "create table item (id int primary key, name text, amount int)",
    "create table plain (id int primary key, word text)",
    "create table code (id int primary key, label text)",
    "select create_distributed_table('item', 'id')",
    "select create_reference_table('code')",
    "insert into item select n, 'item ' || n, n from generate_series(1, 60) n",
    "insert into plain select n, 'word ' || n from generate_series(1, 10) n",
    "insert into code select n, 'code ' || n from generate_series(1, 10) n",
  );
});
afterEach(async () => {
  await client.query("rollback");
  await other.query("rollback");
});
afterAll(async () => {
  await clients?.end();
  await cluster?.stop();
});

const ours = "not in ('pg_catalog', 'information_schema', 'pg_toast', 'shardgres')";

/** All that DDL has made, one line per thing. */
const schemaSql = `
  select 'column ' || a.attrelid::regclass || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
      || ' ' || a.attnotnull || coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), '') as line
    from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on (d.adrelid, d.adnum) = (c.oid, a.attnum)
    where a.attnum > 0 and not a.attisdropped and c.relnamespace::regnamespace::text ${ours} and c.relpersistence = 'p'
  union all select 'index ' || indexdef from pg_indexes where schemaname ${ours}
  union all select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    from pg_constraint where connamespace::regnamespace::text ${ours}
  union all select 'view ' || viewname || ' ' || definition from pg_views where schemaname ${ours}
  union all select 'function ' || oid::regprocedure from pg_proc where pronamespace::regnamespace::text ${ours}
  union all select 'type ' || oid::regtype from pg_type where typnamespace::regnamespace::text ${ours}
  union all select 'value ' || enumtypid::regtype || ' ' || enumlabel from pg_enum
  union all select 'trigger ' || pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
  union all select 'policy ' || polrelid::regclass || ' ' || polname from pg_policy
  union all select 'schema ' || nspname || coalesce(' ' || nspacl::text, '') from pg_namespace where nspname !~ '^pg_(temp|toast)'
  union all select 'extension ' || extname from pg_extension
  union all select 'comment ' || objoid::regclass || ' ' || description from pg_description where classoid = 'pg_class'::regclass
    and objoid::regclass::text !~ '^(pg_|information_schema)'
  union all select 'statistics ' || stxname from pg_statistic_ext
  union all select 'publication ' || pubname from pg_publication
  order by 1`;

const schemas = () => clients.onShards(schemaSql);

async function allShardsHaveTheSame(): Promise<string[]> {
  const { s1, s2, s3 } = await schemas();
  expect(s2).toEqual(s1);
  expect(s3).toEqual(s1);
  return s1!;
}

describe("on all shards or on none", () => {
  test.each(["s1", "s2", "s3"])("what only %s refuses is done nowhere", async (name) => {
    const shard = await clients.shard(name);
    const cases: [string, string, string, string][] = [
      ["create table odd (n int)", "create table odd (id int, t text)", "42P07", "drop table odd"],
      ["create index odd on item (name)", "create index odd on item (amount)", "42P07", "drop index odd"],
      ["create schema odd", "create schema odd", "42P06", "drop schema odd"],
      ["create type odd as enum ('a')", "create type odd as enum ('a')", "42710", "drop type odd"],
      [
        "alter table item add column odd int",
        "alter table item add column odd int, add check (amount > 0)",
        "42701",
        "alter table item drop column odd",
      ],
      ["create view odd as select * from plain", "drop table plain", "2BP01", "drop view odd"],
      [
        "create function odd() returns int language sql as 'select 1'",
        "create function odd() returns int language sql as 'select 2'",
        "42723",
        "drop function odd",
      ],
      ["create role odd", "create role odd", "42710", "drop role odd"],
    ];
    const before = await schemas();
    for (const [cause, ddl, code, undo] of cases) {
      await shard.query(cause);
      await expect(client.query(ddl), ddl).rejects.toMatchObject({ code });
      await shard.query(undo);
      expect(await schemas(), ddl).toEqual(before);
    }
    expect(await clients.onShards("select count(*) from pg_roles where rolname = 'odd'")).toEqual(
      clients.everywhere("0"),
    );
  });

  test("rows of one shard that a constraint cannot have stop it on all of them", async () => {
    await runAll(
      client,
      "create table loose (id int, n int, t text)",
      "select create_distributed_table('loose', 'id')",
      "insert into loose select n, n, n::text from generate_series(1, 40) n",
    );
    const before = await allShardsHaveTheSame();
    const cases = [
      ["insert into loose values (7, 7, '7')", "create unique index on loose (id, n)", "23505"],
      ["insert into loose values (7, 7, '7')", "alter table loose add primary key (id)", "23505"],
      ["insert into loose values (7, -1, '')", "alter table loose add check (n > 0)", "23514"],
      ["insert into loose values (7, null, '')", "alter table loose alter column n set not null", "23502"],
      ["insert into loose values (7, 1, 'x')", "alter table loose alter column t type int using t::int", "22P02"],
      ["insert into loose values (7, 99, '')", "alter table loose add foreign key (n) references code", "23503"],
    ] as const;
    await client.query("insert into code select n, 'code ' || n from generate_series(11, 40) n");
    for (const [row, ddl, code] of cases) {
      await client.query(row);
      await expect(client.query(ddl), ddl).rejects.toMatchObject({ code });
      await runAll(client, "delete from loose where id = 7", "insert into loose values (7, 7, '7')");
      expect(await allShardsHaveTheSame(), ddl).toEqual(before);
    }
    for (const [, ddl] of cases) await client.query(ddl);
    expect((await allShardsHaveTheSame()).length).toBeGreaterThan(before.length);
    await runAll(client, "drop table loose", "delete from code where id > 10");
  });

  test("an error undoes all of the transaction's DDL, on every shard", async () => {
    const before = await schemas();
    await runAll(client, "begin", "create table fine (n int)", "create index on plain (word)", "drop table code");
    await expect(client.query("create table plain (n int)")).rejects.toMatchObject({ code: "42P07" });
    expect((await client.query("commit")).command).toBe("ROLLBACK");
    expect(await schemas()).toEqual(before);
    await expect(
      client.query("create table fine (n int); insert into fine values (1); insert into item values (1)"),
    ).rejects.toMatchObject({ code: "23505" });
    expect(await schemas()).toEqual(before);
    expect(await rowsOf(client, "select count(*) from code")).toEqual(["10"]);
  });

  test("two sessions that make the same table at once: one has it, the other gets the error", async () => {
    for (let round = 0; round < 5; round++) {
      const attempts = await Promise.allSettled([
        client.query("create table race (id int primary key)"),
        other.query("create table race (id int primary key)"),
      ]);
      const failures = attempts.flatMap((attempt) => (attempt.status === "rejected" ? [attempt.reason.code] : []));
      expect(failures).toHaveLength(1);
      expect(failures[0]).toMatch(/^(42P07|23505)$/);
      await allShardsHaveTheSame();
      await client.query("drop table race");
    }
  });
});

describe("kinds of objects", () => {
  interface Kind {
    readonly what: string;
    readonly ddl: readonly string[];
    readonly use: string;
    readonly gives: string;
    readonly undo: readonly string[];
  }
  const kinds: Kind[] = [
    {
      what: "a schema",
      ddl: ["create schema made", "create table made.t (n int)"],
      use: "select count(*) from made.t",
      gives: "0",
      undo: ["drop schema made cascade"],
    },
    {
      what: "an enum",
      ddl: ["create type made as enum ('low', 'high')", "alter type made add value 'mid' before 'high'"],
      use: "select array_length(enum_range('low'::made, 'high'), 1)",
      gives: "3",
      undo: ["drop type made"],
    },
    {
      what: "a composite type",
      ddl: ["create type made as (a int, b text)"],
      use: "select (row(1, 'x')::made).b",
      gives: "x",
      undo: ["drop type made"],
    },
    {
      what: "a domain",
      ddl: ["create domain made as int check (value > 0)"],
      use: "select 5::made",
      gives: "5",
      undo: ["drop domain made"],
    },
    {
      what: "a sequence",
      ddl: ["create sequence made start 5", "alter sequence made increment 3"],
      use: "select nextval('made'), nextval('made')",
      gives: "5|8",
      undo: ["drop sequence made"],
    },
    {
      what: "a table with everything",
      ddl: [
        `create table made (id int generated always as identity primary key, a int default 7 check (a > 0),
           b int generated always as (a * 2) stored, c text collate "C" unique, d int references code, exclude (a with =))`,
        "comment on table made is 'it''s made'",
        "insert into made (c) values ('x')",
      ],
      use: "select * from made",
      gives: "1|7|14|x|null",
      undo: ["drop table made"],
    },
    {
      what: "partitions",
      ddl: [
        "create table made (id int, at date) partition by range (at)",
        "create table made_2026 partition of made for values from ('2026-01-01') to ('2027-01-01')",
        "create table made_rest partition of made default",
        "insert into made values (1, '2026-05-05'), (2, '2030-01-01')",
      ],
      use: "select (select count(*) from made_2026), (select count(*) from made)",
      gives: "1|2",
      undo: ["drop table made"],
    },
    {
      what: "a view",
      ddl: ["create view made as select count(*) from item"],
      use: "select * from made",
      gives: "60",
      undo: ["drop view made"],
    },
    {
      what: "a materialized view",
      ddl: ["create materialized view made as select word from plain where id < 3", "refresh materialized view made"],
      use: "select count(*) from made",
      gives: "2",
      undo: ["drop materialized view made"],
    },
    {
      what: "an SQL function",
      ddl: ["create function made(int) returns int language sql immutable as 'select $1 + 1'"],
      use: "select made(id) from item where id = 41",
      gives: "42",
      undo: ["drop function made"],
    },
    {
      what: "a PL/pgSQL function with a body of several lines",
      ddl: [
        `create function made(n int) returns text language plpgsql as $body$
           declare s text := '';
           begin
             for i in 1..n loop s := s || i; end loop; -- it's;
             return s;
           end
         $body$`,
      ],
      use: "select made(3)",
      gives: "123",
      undo: ["drop function made(int)"],
    },
    {
      what: "an aggregate",
      ddl: ["create aggregate made (int) (sfunc = int4pl, stype = int, initcond = '0')"],
      use: "select made(id) from plain",
      gives: "55",
      undo: ["drop aggregate made (int)"],
    },
    {
      what: "a trigger on an unsharded table",
      ddl: [
        "create function made() returns trigger language plpgsql as $$ begin new.word := upper(new.word); return new; end $$",
        "create trigger made before insert on plain for each row execute function made()",
        "insert into plain values (99, 'loud')",
      ],
      use: "delete from plain where id = 99 returning word",
      gives: "LOUD",
      undo: ["drop trigger made on plain", "drop function made"],
    },
    {
      what: "citext",
      ddl: ["create extension citext", "create table made (id citext primary key)", "insert into made values ('ABC')"],
      use: "select count(*) from made where id = 'abc'",
      gives: "1",
      undo: ["drop table made", "drop extension citext"],
    },
    {
      what: "pg_trgm and an index by it on a distributed table",
      ddl: ["create extension pg_trgm", "create index made on item using gin (name gin_trgm_ops)"],
      use: "select similarity('word', 'work')",
      gives: "0.42857143",
      undo: ["drop index made", "drop extension pg_trgm"],
    },
    {
      what: "statistics",
      ddl: ["create statistics made on id, amount from item", "analyze item"],
      use: "select 1",
      gives: "1",
      undo: ["drop statistics made"],
    },
    {
      what: "a publication",
      ddl: ["create publication made for table plain"],
      use: "select 1",
      gives: "1",
      undo: ["drop publication made"],
    },
    {
      what: "row security",
      ddl: ["alter table item enable row level security", "create policy made on item using (amount > 0)"],
      use: "select count(*) from item",
      gives: "60",
      undo: ["drop policy made on item", "alter table item disable row level security"],
    },
    {
      what: "an operator",
      ddl: [
        "create function made(int, int) returns int language sql immutable as 'select $1 * 10 + $2'",
        "create operator +@ (leftarg = int, rightarg = int, function = made)",
      ],
      use: "select id +@ 5 from item where id = 4",
      gives: "45",
      undo: ["drop operator +@ (int, int)", "drop function made(int, int)"],
    },
  ];

  test.each(kinds)(
    "$what: rolled back leaves nothing, committed it is everywhere",
    async ({ ddl, use, gives, undo }) => {
      const before = await allShardsHaveTheSame();
      await runAll(client, "begin", ...ddl);
      expect(await rowsOf(client, use)).toEqual([gives]);
      await client.query("rollback");
      expect(await allShardsHaveTheSame()).toEqual(before);

      await runAll(client, "begin", ...ddl, "commit");
      expect(await rowsOf(other, use)).toEqual([gives]);
      expect(await allShardsHaveTheSame()).not.toEqual(before);

      await runAll(client, ...undo);
      expect(await allShardsHaveTheSame()).toEqual(before);
    },
  );
});

describe("together with rows", () => {
  test("a migration: tables, rows and changes of both in one transaction", async () => {
    await runAll(
      client,
      "begin",
      "create table person (id int primary key, name text)",
      "insert into person values (1, 'Ada Lovelace'), (2, 'Alan Turing')",
      "alter table person add column family text",
      "update person set family = split_part(name, ' ', 2), name = split_part(name, ' ', 1)",
      "alter table person alter column family set not null",
      "create unique index on person (family)",
    );
    expect(await rowsOf(client, "select * from person order by id")).toEqual(["1|Ada|Lovelace", "2|Alan|Turing"]);
    await expect(other.query("select from person")).rejects.toMatchObject({ code: "42P01" });
    await client.query("commit");
    expect(await rowsOf(other, "select family from person order by id")).toEqual(["Lovelace", "Turing"]);
    expect(await clients.onShards("select count(*) from person")).toEqual({ s1: ["2"], s2: ["0"], s3: ["0"] });
    await client.query("drop table person");
  });

  test("a table may be made, distributed, filled and read in one transaction, or rolled back as a whole", async () => {
    for (const end of ["rollback", "commit"]) {
      await runAll(
        client,
        "begin",
        "create table sale (id int primary key, code int references code)",
        "insert into sale select n, n from generate_series(1, 10) n",
        "select create_distributed_table('sale', 'id')",
        "insert into sale select n, n % 10 + 1 from generate_series(11, 50) n",
        "alter table sale add column note text default 'new'",
        "update sale set note = 'old' where id <= 10",
      );
      expect(await rowsOf(client, "select note, count(*) from sale group by note order by note")).toEqual([
        "new|40",
        "old|10",
      ]);
      expect(await rowsOf(client, "select note from sale where id = 33")).toEqual(["new"]);
      await client.query(end);
      if (end === "rollback") await expect(client.query("select from sale")).rejects.toMatchObject({ code: "42P01" });
    }
    const counts = await clients.onShards("select count(*) from sale");
    expect(Object.values(counts).reduce((sum, [count]) => sum + Number(count), 0)).toBe(50);
    expect(
      await clients.onShards("select kind, shard_key from shardgres.tables where relation = 'sale'::regclass"),
    ).toEqual(clients.everywhere("distributed|{1}"));
    await client.query("drop table sale");
    expect(await clients.onShards("select count(*) from shardgres.tables")).toEqual(clients.everywhere("2"));
    await allShardsHaveTheSame();
  });

  test("TRUNCATE empties every shard, also with what refers to the table, and can be rolled back", async () => {
    await runAll(
      client,
      "create table part (id int, item int, primary key (item, id))",
      "select create_distributed_table('part', 'item')",
      "alter table part add foreign key (item) references item",
      "insert into part select n, n from generate_series(1, 30) n",
      "begin",
      "truncate item cascade",
    );
    expect(await rowsOf(client, "select (select count(*) from item), (select count(*) from part)")).toEqual(["0|0"]);
    await client.query("rollback");
    expect(await rowsOf(client, "select (select count(*) from item), (select count(*) from part)")).toEqual(["60|30"]);
    await expect(client.query("truncate item")).rejects.toMatchObject({ code: "0A000" });
    await client.query("truncate part");
    expect(await clients.onShards("select count(*) from part")).toEqual(clients.everywhere("0"));
    await client.query("drop table part");
  });
});

describe("what other sessions see", () => {
  test("a new table is there for everybody at once, and so is its end", async () => {
    for (let round = 0; round < 6; round++) {
      await expect(other.query("select count(*) from brief")).rejects.toMatchObject({ code: "42P01" });
      await client.query("create table brief (id int primary key)");
      if (round % 2 === 1) await client.query("select create_distributed_table('brief', 'id')");
      await other.query("insert into brief select generate_series(1, 20)");
      expect(await rowsOf(client, "select count(*), sum(id) from brief")).toEqual(["20|210"]);
      expect(await rowsOf(other, "select id from brief where id = $1", [round + 1])).toEqual([`${round + 1}`]);
      await client.query("drop table brief");
    }
  });

  test("plans that were kept follow the changes of their tables", async () => {
    const query = () => other.query({ name: "kept", text: "select * from moving where id = $1", values: [1] });
    const columns = async () => Object.keys((await query().catch(query)).rows[0] as object);
    await runAll(client, "create table moving (id int primary key, a int)", "insert into moving values (1, 1)");
    expect(await columns()).toEqual(["id", "a"]);
    await client.query("alter table moving rename a to b");
    expect(await rowsOf(other, "select b from moving where id = 1")).toEqual(["1"]);
    await expect(other.query("select a from moving where id = 1")).rejects.toMatchObject({ code: "42703" });
    await client.query("select create_distributed_table('moving', 'id')");
    await client.query("insert into moving select n, n from generate_series(2, 30) n");
    for (let id = 1; id <= 30; id++) {
      expect(await rowsOf(other, "select b from moving where id = $1", [id])).toEqual([String(id)]);
    }
    await client.query("alter table moving rename to moved");
    await expect(other.query("select b from moving where id = 1")).rejects.toMatchObject({ code: "42P01" });
    expect(await rowsOf(other, "select sum(b) from moved")).toEqual(["465"]);
    await client.query("alter table moved rename to moving");
    await client.query("select undistribute_table('moving')");
    expect(await rowsOf(other, "select sum(b) from moving")).toEqual(["465"]);
    expect(await rowsOf(other, "select b from moving where id = $1", [17])).toEqual(["17"]);
    await client.query("drop table moving");
  });

  test("DDL waits for those who use the table, and they never see half of it", async () => {
    await runAll(other, "begin", "select count(*) from item");
    const altered = client.query("alter table item add column late int default 3");
    expect(await rowsOf(other, "select count(*) from item where id < 10")).toEqual(["9"]);
    await other.query("commit");
    await altered;
    expect(await rowsOf(other, "select sum(late) from item")).toEqual(["180"]);
    await client.query("alter table item drop column late");
    await expect(other.query("select late from item")).rejects.toMatchObject({ code: "42703" });
  });

  test("reads and writes go on while tables come and go", async () => {
    const worker = await clients.open();
    let isDone = false;
    const work = (async () => {
      let count = 0;
      while (!isDone) {
        count += (await rowsOf(worker, "select count(*) from item")).length;
        await worker.query("update item set amount = amount + 1 where id = $1", [1 + (count % 60)]);
      }
      return count;
    })();
    for (let round = 0; round < 4; round++) {
      await runAll(client, `create table passing_${round} (n int)`, `alter table item add column c${round} int`);
      await runAll(client, `drop table passing_${round}`, `alter table item drop column c${round}`);
    }
    isDone = true;
    expect(await work).toBeGreaterThan(0);
    await client.query("update item set amount = id");
  });
});

describe("ALTER of distributed tables", () => {
  test("columns come, change and go on every shard", async () => {
    await runAll(
      client,
      "create table d (id int primary key, a int, b text)",
      "select create_distributed_table('d', 'id')",
      "insert into d select n, n, n::text from generate_series(1, 30) n",
      "alter table d add column c numeric(10, 2) not null default 1.5",
      "alter table d alter column b type int using b::int",
      "alter table d alter column a set default 5, alter column c drop default",
      "alter table d rename column b to bee",
      "alter table d add constraint positive check (bee > 0)",
      "alter table d add foreign key (a) references code not valid",
      "alter table d drop column c",
    );
    expect(await rowsOf(client, "select sum(a), sum(bee) from d")).toEqual(["465|465"]);
    await allShardsHaveTheSame();
    await expect(client.query("insert into d values (100, 1, -1)")).rejects.toMatchObject({ code: "23514" });
    await expect(client.query("insert into d values (100, 99, 1)")).rejects.toMatchObject({ code: "23503" });
    await client.query("insert into d (id, bee) values (100, 1)");
    expect(await rowsOf(client, "select a from d where id = 100")).toEqual(["5"]);
    await client.query("drop table d");
  });

  test("the shard key may be renamed, the table too, and moved to another schema", async () => {
    await runAll(
      client,
      "create schema elsewhere",
      "create table d (id int primary key, a int)",
      "select create_distributed_table('d', 'id')",
      "insert into d select n, n from generate_series(1, 30) n",
      "alter table d rename column id to key",
      "alter table d rename to e",
      "alter table e set schema elsewhere",
    );
    for (const key of [1, 7, 22]) {
      expect(await rowsOf(other, "select a from elsewhere.e where key = $1", [key])).toEqual([String(key)]);
    }
    await client.query("insert into elsewhere.e select n, n from generate_series(31, 60) n");
    expect(await rowsOf(other, "select count(*), count(distinct key) from elsewhere.e")).toEqual(["60|60"]);
    expect((await rowsOf(other, "show shardgres.tables")).filter((row) => row.startsWith("elsewhere|"))).toEqual([
      expect.stringMatching(/^elsewhere\|e\|distributed\|key\|\d+$/),
    ]);
    await client.query("drop schema elsewhere cascade");
    expect(await clients.onShards("select count(*) from shardgres.tables")).toEqual(clients.everywhere("2"));
  });

  test.each([
    ["the type of the shard key", "alter table item alter column id type bigint"],
    ["dropping the shard key", "alter table item drop column id cascade"],
    ["a unique index without the shard key", "create unique index on item (name)"],
    ["a unique constraint without the shard key", "alter table item add unique (name)"],
    ["a key that points to another shard", "alter table item add foreign key (amount) references item (id)"],
    ["a serial column", "alter table item add column n serial"],
    ["inheritance", "create table child () inherits (item)"],
    ["a materialized view", "create materialized view m as select * from item"],
    ["a rule", "create rule r as on insert to item do nothing"],
    ["the schema of the gateway", "drop schema shardgres cascade"],
    ["the role of the gateway", "drop role shardgres"],
  ])("%s is refused and nothing is changed", async (_, ddl) => {
    const before = await allShardsHaveTheSame();
    await expect(client.query(ddl)).rejects.toMatchObject({ message: expect.stringMatching(/\[SG\d{3}\]$/) });
    expect(await allShardsHaveTheSame()).toEqual(before);
  });

  test("partitions of a distributed table can be added, and are distributed", async () => {
    await runAll(
      client,
      "create table log (id int, at date, primary key (id, at)) partition by range (at)",
      "create table log_1 partition of log for values from ('2026-01-01') to ('2026-02-01')",
      "select create_distributed_table('log', 'id')",
      "create table log_2 partition of log for values from ('2026-02-01') to ('2026-03-01')",
      "insert into log select n, '2026-01-15'::date + n from generate_series(1, 40) n",
    );
    expect(await rowsOf(client, "select (select count(*) from log_1), (select count(*) from log_2)")).toEqual([
      "16|24",
    ]);
    expect(Object.values(await clients.onShards("select count(*) > 0 from log_2")).flat()).toEqual(["t", "t", "t"]);
    await client.query("drop table log_1");
    expect(await rowsOf(client, "select count(*) from log")).toEqual(["24"]);
    await client.query("drop table log");
  });
});

describe("tables made from queries", () => {
  test("rows of any query go into a new unsharded table", async () => {
    await runAll(
      client,
      "create table copied as select id, amount from item where id <= 20",
      "create table counted (n, s) as select count(*), sum(amount) from item",
      "create table joined as select i.id, c.label from item i join code c using (id)",
      "create table empty as select * from item with no data",
      "create table words as table plain",
      "select id, name into taken from item where id between 5 and 9",
    );
    const counts = ["copied", "joined", "empty", "words", "taken"].map((table) => `(select count(*) from ${table})`);
    expect(await rowsOf(other, `select ${counts.join(", ")}`)).toEqual(["20|10|0|10|5"]);
    expect(await rowsOf(other, "select * from counted")).toEqual(["60|1830"]);
    expect(await clients.onShards("select count(*) from copied")).toEqual({ s1: ["20"], s2: ["0"], s3: ["0"] });
    await allShardsHaveTheSame();
    await client.query("create table if not exists copied as select 1 / 0 as n");
    await expect(client.query("create table copied as select 1 as n")).rejects.toMatchObject({ code: "42P07" });
    expect((await client.query("create table more as select * from item")).rowCount).toBe(60);
    await client.query("drop table copied, counted, joined, empty, words, taken, more");
  });

  test("in a transaction they are rolled back with it", async () => {
    const before = await schemas();
    await runAll(client, "begin", "create table copied as select * from item", "rollback");
    await expect(client.query("create table copied as select amount / (amount - 60) from item")).rejects.toMatchObject({
      code: "22012",
    });
    expect(await schemas()).toEqual(before);
  });
});

describe("outside of transactions", () => {
  test("an index is made concurrently on every shard, and not within a transaction", async () => {
    const before = await allShardsHaveTheSame();
    await client.query("create index concurrently by_name on item (name)");
    expect(await clients.onShards("select indisvalid from pg_index where indexrelid = 'by_name'::regclass")).toEqual(
      clients.everywhere("t"),
    );
    await client.query("reindex index concurrently by_name");
    await client.query("drop index concurrently by_name");
    expect(await allShardsHaveTheSame()).toEqual(before);
    for (const text of ["create index concurrently by_name on item (name)", "vacuum item", "create database d"]) {
      await client.query("begin");
      await expect(client.query(text)).rejects.toMatchObject({ code: "25001" });
      await client.query("rollback");
      await expect(client.query(`select 1; ${text}`)).rejects.toMatchObject({ code: "25001" });
    }
  });

  test("a concurrent index that one shard cannot make is left on none", async () => {
    await runAll(
      client,
      "create table loose (id int, n int)",
      "select create_distributed_table('loose', 'id')",
      "insert into loose select n, n from generate_series(1, 40) n",
    );
    const before = await allShardsHaveTheSame();
    for (const [id] of await clients.keysByShard("loose", "id")) {
      await client.query(`insert into loose values (${id}, ${id})`);
      await expect(client.query("create unique index concurrently bad on loose (id, n)")).rejects.toMatchObject({
        code: "23505",
      });
      expect(await allShardsHaveTheSame()).toEqual(before);
      await runAll(client, `delete from loose where id = ${id}`, `insert into loose values (${id}, ${id})`);
    }
    await client.query("create unique index concurrently good on loose (id, n)");
    await expect(client.query("create index concurrently good on loose (n)")).rejects.toMatchObject({ code: "42P07" });
    expect(await clients.onShards("select indisvalid from pg_index where indexrelid = 'good'::regclass")).toEqual(
      clients.everywhere("t"),
    );
    await client.query("drop table loose");
  });

  test("VACUUM, ANALYZE, REINDEX and CLUSTER reach every shard", async () => {
    for (const text of [
      "vacuum",
      "vacuum (analyze) item",
      "analyze",
      "reindex table item",
      "cluster item using item_pkey",
    ]) {
      await client.query(text);
    }
    expect(
      await clients.onShards("select last_analyze is not null from pg_stat_user_tables where relname = 'item'"),
    ).toEqual(clients.everywhere("t"));
  });
});

describe("notices and errors", () => {
  test("a notice comes once, however many shards raise it", async () => {
    const notices: string[] = [];
    const listener = ({ message }: { message?: string | undefined }) => notices.push(message ?? "");
    client.on("notice", listener);
    await runAll(client, "drop table if exists nowhere", "create table if not exists plain (n int)");
    await client.query("drop schema if exists nowhere cascade");
    client.off("notice", listener);
    expect(notices).toEqual([
      'table "nowhere" does not exist, skipping',
      'relation "plain" already exists, skipping',
      'schema "nowhere" does not exist, skipping',
    ]);
  });

  test("errors have PostgreSQL's fields and the position in the client's text", async () => {
    await expect(client.query("create table t (a int, b nonsense)")).rejects.toMatchObject({
      code: "42704",
      position: "26",
    });
    await expect(client.query("select 1; create table t (a int, b nonsense)")).rejects.toMatchObject({
      position: "36",
    });
    await expect(client.query("alter table item drop column nothing")).rejects.toMatchObject({ code: "42703" });
    await expect(client.query("drop table code, nowhere")).rejects.toMatchObject({ code: "42P01" });
    expect(await rowsOf(client, "select count(*) from code")).toEqual(["10"]);
  });
});
