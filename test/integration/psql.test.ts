// psql at the gateway: what its commands print is what they print when psql is connected to the home shard itself, errors
// included. (psql 15 knows columns of catalogs that PostgreSQL 18 no longer has: \l fails the same way on both sides.)
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf, runAll } from "../support/cluster-clients.ts";
import { describeWith } from "../support/requirement.ts";
import { type ProgramOutcome, runProgram } from "../support/run-program.ts";

describeWith(["psql"], "psql", () => {
  let cluster: TestCluster;
  let clients: ClusterClients;
  let client: pg.Client;
  let directory: string;
  let gateway: NodeJS.ProcessEnv;
  let home: NodeJS.ProcessEnv;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "shardgres-psql-"));
    cluster = await startCluster({ shards: 3 });
    clients = new ClusterClients(cluster, 3);
    client = await clients.open();
    await runAll(
      client,
      "create table item (id int primary key, name text not null default 'none', price numeric(10, 2) check (price > 0))",
      "create index on item (name) where price > 10",
      "create table part (item int, number int, data bytea, primary key (item, number))",
      "create table plain (id bigserial primary key, word varchar(20) unique, at timestamptz, tags text[])",
      "create table code (id int primary key, label text)",
      "select create_distributed_table('item', 'id')",
      "select create_distributed_table('part', 'item')",
      "alter table part add foreign key (item) references item on delete cascade",
      "select create_reference_table('code')",
      "insert into item select n, 'item ' || n, n + 0.5 from generate_series(1, 60) n",
      "insert into plain (word, at, tags) select 'word ' || n, '2026-01-01'::timestamptz + n * interval '1 day', array['a', 'b,' || n] from generate_series(1, 20) n",
      "insert into code values (1, 'tab\there'), (2, E'line\\nbreak'), (3, 'quote \" and , comma'), (4, null), (5, ''), (6, '\\N'), (7, 'ä€😀')",
      "create view cheap as select id, name from item where price < 10",
      "create materialized view words as select word from plain",
      "create schema other",
      "create table other.parted (id int, at date) partition by range (at)",
      "create table other.parted_1 partition of other.parted for values from ('2026-01-01') to ('2027-01-01')",
      "create type mood as enum ('low', 'high')",
      "create type pair as (a int, b text)",
      "create domain positive as int check (value > 0)",
      "create function add(a int, b int default 1) returns int language sql immutable as $$ select a + b $$",
      "create function noted() returns trigger language plpgsql as $$\nbegin\n  return new;\nend\n$$",
      "create procedure nothing() language sql as $$ select 1 $$",
      "create trigger noted before update on plain for each row execute function noted()",
      "create role reader",
      "create role writer createdb in role reader",
      "grant select on item to reader",
      "grant insert (word) on plain to writer",
      "alter role reader set work_mem = '8MB'",
      "comment on table item is 'what is sold'",
      "comment on column item.price is 'in euros'",
      "create statistics about on id, word from plain",
      "create policy own on code using (true)",
      "create extension citext",
      "create publication news for table plain",
      "create sequence counter increment 5",
      "alter default privileges in schema other grant select on tables to reader",
    );
    const shard = await cluster.shardAddress("s1");
    const common = { PGUSER: "postgres", PGDATABASE: "postgres", PAGER: "", LC_ALL: "C.UTF-8", PSQLRC: "/dev/null" };
    gateway = { ...common, PGHOST: "127.0.0.1", PGPORT: String(cluster.port) };
    home = { ...common, PGHOST: shard.host, PGPORT: String(shard.port) };
  });
  afterAll(async () => {
    await clients?.end();
    await cluster?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** At the gateway. `args` may be one command. */
  function psql(args: string | readonly string[], input = ""): Promise<ProgramOutcome> {
    const list = typeof args === "string" ? ["-c", args] : args;
    return runProgram("psql", ["-X", ...list], { environment: gateway, input });
  }

  function directly(args: string | readonly string[], input = ""): Promise<ProgramOutcome> {
    const list = typeof args === "string" ? ["-c", args] : args;
    return runProgram("psql", ["-X", ...list], { environment: home, input });
  }

  test.each([
    ["tables", "\\d;\\d+;\\d item;\\d+ item;\\d+ part;\\d+ plain;\\d+ code;\\d other.*;\\d nothing_there;\\dS item"],
    [
      "views, indexes, sequences, types",
      "\\d cheap;\\d+ cheap;\\d item_pkey;\\d plain_id_seq;\\d+ words;\\d mood;\\d pair",
    ],
    ["lists of relations", "\\dt;\\dt+;\\dt *.*;\\dt other.*;\\di;\\di+ item*;\\dv;\\dm;\\ds;\\dn;\\dn+;\\dP;\\dPn"],
    ["types and functions", "\\dT;\\dT+;\\dD;\\df;\\df+ add;\\dft;\\da;\\do;\\dC;\\dc;\\dO;\\dL;\\dA;\\dAc;\\dF"],
    ["roles and privileges", "\\du;\\du+;\\dg;\\drds;\\dp;\\z item;\\ddp;\\dd"],
    [
      "extensions and the rest",
      "\\dx;\\dx+ citext;\\dX;\\dRp;\\dRp+ news;\\dRs;\\dy;\\des;\\dew;\\det;\\db;\\dconfig work_mem",
    ],
    ["databases", "\\l;\\l+;\\encoding;\\lo_list"],
    ["definitions", "\\sf add;\\sf+ noted;\\sv cheap;\\sv+ cheap;\\sf nothing_there;\\sf add(int, int)"],
  ])("commands about %s print what they print on the home shard", async (_, commands) => {
    const input = commands
      .split(";")
      .map((command) => `\\echo ${command.replaceAll("\\", "")}\n${command}\n`)
      .join("");
    const [through, direct] = await Promise.all([psql([], input), directly([], input)]);
    expect(through).toEqual(direct);
  });

  const statements = [
    "select id, name, price from item where id = 7",
    "select * from code order by id",
    "select count(*) from plain \\gdesc",
    "select id, name, price, now() as at from item where id = $1 \\gdesc",
    "select 1 as \"one\", null, 'x'::char(3), array[1, 2], '{\"a\": 1}'::jsonb \\gx",
    "select nope from plain",
    "select * from plain where word = 'x' and then",
    "select 1 / 0",
    "insert into plain (word) values ('word 1')",
    "insert into code values ('x', 'y')",
    "begin",
    "update plain set word = null where id < 4 returning *",
    "rollback",
    "table plain \\g (format=csv tuples_only)",
    "select word, id % 3 as rest, id from plain where id < 10 \\crosstabview",
    "\\set n 5",
    "select :n + 1, :'n'",
    "select 'select ' || n from generate_series(1, 3) n \\gexec",
    "select 11 as eleven \\gset got_",
    "\\echo :got_eleven",
    "explain (costs off) select * from plain where id = 3",
    "select current_user, session_user, current_database(), current_schema",
    "do $$ begin raise notice 'from %', 'within'; end $$",
    "\\errverbose",
  ];

  test("statements give the same text, and so do their errors", async () => {
    const endsItself = /\\[a-z]+[^\n]*$/;
    const lines = statements.map((statement) => `${statement}${endsItself.test(statement) ? "" : ";"}\n`);
    const input = `\\pset null '(null)'\n${lines.join("")}`;
    const [through, direct] = [await psql([], input), await directly([], input)];
    expect(through).toEqual(direct);
    expect(through.stderr.match(/ERROR:/g)!.length).toBeGreaterThan(5);
  });

  test("numbers of objects are those of one shard, whenever they are asked for", async () => {
    const names = ["regclass", "regproc", "regtype"].map(
      (type, i) => `'${["plain", "noted", "mood"][i]}'::${type}::oid`,
    );
    const query = `select ${names.join(", ")}`;
    const [numbers] = await rowsOf(await clients.shard("s1"), query);
    const [table, trigger] = numbers!.split("|");
    for (let round = 0; round < 10; round++) {
      expect(await rowsOf(client, query)).toEqual([numbers]);
      const text = `select ${table}::regclass::text, ${trigger}::regproc, pg_get_functiondef(${trigger}) like '%noted%'`;
      expect(await rowsOf(client, text)).toEqual(["plain|noted|t"]);
    }
  });

  test("the queries of tab completion give the same rows", async () => {
    const visible = (kinds: string, prefix: string) =>
      `SELECT c.relname, NULL::pg_catalog.text FROM pg_catalog.pg_class c WHERE c.relkind IN (${kinds}) AND (c.relname) LIKE '${prefix}%' AND pg_catalog.pg_table_is_visible(c.oid) AND c.relnamespace <> (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'pg_catalog')
       UNION ALL SELECT NULL::pg_catalog.text, n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname LIKE '${prefix}%' AND n.nspname NOT LIKE E'pg\\\\_%' LIMIT 1000`;
    const queries = [
      visible("'r', 'p'", "p"),
      visible("'r', 'S', 'v', 'm', 'f', 'p'", ""),
      visible("'i', 'I'", "item"),
      "SELECT a.attname FROM pg_catalog.pg_attribute a, pg_catalog.pg_class c WHERE c.oid = a.attrelid AND a.attnum > 0 AND NOT a.attisdropped AND (a.attname) LIKE 'n%' AND (c.relname) = 'item' AND pg_catalog.pg_table_is_visible(c.oid) LIMIT 1000",
      "SELECT p.proname, NULL::pg_catalog.text FROM pg_catalog.pg_proc p WHERE p.prokind != 'p' AND (p.proname) LIKE 'ad%' AND pg_catalog.pg_function_is_visible(p.oid) LIMIT 1000",
      "SELECT t.typname, NULL::pg_catalog.text FROM pg_catalog.pg_type t WHERE (t.typrelid = 0 OR (SELECT c.relkind = 'c' FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid)) AND t.typname !~ '^_' AND (t.typname) LIKE 'mo%' AND pg_catalog.pg_type_is_visible(t.oid) LIMIT 1000",
      "SELECT pg_catalog.quote_literal(enumlabel) FROM pg_catalog.pg_enum e, pg_catalog.pg_type t WHERE t.oid = e.enumtypid AND enumlabel LIKE 'lo%' AND (t.typname) = 'mood' AND pg_catalog.pg_type_is_visible(t.oid) LIMIT 1000",
      "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname LIKE '%' ORDER BY 1 LIMIT 1000",
      "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname LIKE '%' ORDER BY 1 LIMIT 1000",
      "SELECT datname FROM pg_catalog.pg_database WHERE datname LIKE '%' ORDER BY 1 LIMIT 1000",
      "SELECT name FROM pg_catalog.pg_available_extensions WHERE name LIKE 'ci%' AND installed_version IS NULL LIMIT 1000",
      "SELECT pg_catalog.lower(name) FROM pg_catalog.pg_settings WHERE context IN ('user', 'superuser') AND pg_catalog.lower(name) LIKE pg_catalog.lower('work%') LIMIT 1000",
      "SELECT conname FROM pg_catalog.pg_constraint c, pg_catalog.pg_class t WHERE c.conrelid = t.oid AND conname LIKE 'it%' AND t.relname = 'item' AND pg_catalog.pg_table_is_visible(t.oid) LIMIT 1000",
      "SELECT pg_catalog.quote_ident(tgname) FROM pg_catalog.pg_trigger t, pg_catalog.pg_class c WHERE c.oid = t.tgrelid AND NOT tgisinternal LIMIT 1000",
      "SELECT channel FROM pg_catalog.pg_listening_channels() AS channel WHERE channel LIKE '%' LIMIT 1000",
      "SELECT name FROM pg_catalog.pg_timezone_names WHERE name LIKE 'Europe/Vi%' LIMIT 1000",
    ];
    const input = queries.map((query) => `${query};\n`).join("");
    const [through, direct] = await Promise.all([psql([], input), directly([], input)]);
    expect(through).toEqual(direct);
    expect(through.stderr).toBe("");
  });

  describe("\\copy", () => {
    const formats: [string, string][] = [
      ["text", ""],
      ["csv", "with (format csv, header)"],
      ["csv with other signs", "with (format csv, header match, delimiter ';', quote '''', null 'NIL', force_quote *)"],
      ["text with another delimiter and NULL", "with (delimiter '|', null 'nothing', header)"],
      ["binary", "with (format binary)"],
    ];
    const tables = ["item", "part", "plain", "code"];

    beforeAll(async () => {
      await client.query(
        "insert into part select n, m, decode(md5(n::text || m), 'hex') from generate_series(1, 60) n, generate_series(1, 3) m",
      );
    });

    test.each(formats.flatMap(([name, options]) => tables.map((table) => [name, table, options] as const)))(
      "%s out of %s and in again",
      async (_, table, options) => {
        const content = () => rowsOf(client, `select to_jsonb(t)::text from ${table} t order by 1`);
        const before = await content();
        const file = join(directory, "out");
        const out = await psql(`\\copy ${table} to '${file}' ${options.replace("header match", "header")}`);
        expect(out).toEqual({ code: 0, stdout: `COPY ${before.length}\n`, stderr: "" });
        if (table === "plain" || table === "code") {
          const other = join(directory, "direct");
          await directly(`\\copy ${table} to '${other}' ${options.replace("header match", "header")}`);
          expect(readFileSync(file)).toEqual(readFileSync(other));
        }
        await runAll(client, "begin", "create table kept as table part", `truncate ${table} cascade`, "commit");
        const back = await psql(`\\copy ${table} from '${file}' ${options.replace(", force_quote *", "")}`);
        expect(back).toEqual({ code: 0, stdout: `COPY ${before.length}\n`, stderr: "" });
        expect(await content()).toEqual(before);
        if (table === "item") await client.query("insert into part table kept");
        await client.query("drop table kept");
      },
    );

    test("of some columns, with defaults for the others, from standard input", async () => {
      const input = "\\copy item (id, price) from stdin\n1001\t1\n1002\t2\n1003\t3\n1004\t\\N\n\\.\n";
      expect(await psql([], input)).toEqual({ code: 0, stdout: "COPY 4\n", stderr: "" });
      expect(await rowsOf(client, "select name, count(*) from item where id > 1000 group by name")).toEqual(["none|4"]);
      const rows = await psql("\\copy (select id, price from item where id > 1000) to stdout csv");
      expect(rows.stdout.split("\n").sort()).toEqual(["", "1001,1.00", "1002,2.00", "1003,3.00", "1004,"]);
      await client.query("delete from item where id > 1000");
    });

    test.each([
      ["a bad value", "1001\tx\t1\n1002\ty\tnumber\n"],
      ["a missing column", "1001\tx\t1\n1002\ty\n"],
      ["a column too many", "1001\tx\t1\n1002\ty\t1\t2\n"],
      ["a bad shard key", "1001\tx\t1\nkey\ty\t1\n"],
      ["a violated check", "1001\tx\t1\n1002\ty\t-1\n"],
      ["a duplicate key", "1001\tx\t1\n7\ty\t1\n"],
    ])("%s gives PostgreSQL's error, and nothing is stored", async (_, lines) => {
      const input = `\\copy %s from stdin\n${lines}\\.\n`;
      await client.query("create table single (like item including all)");
      await client.query("insert into single values (7)");
      const [split, whole] = [
        await psql([], input.replace("%s", "item")),
        await psql([], input.replace("%s", "single")),
      ];
      await client.query("drop table single");
      const code = (text: string) => text.replaceAll("single", "item");
      expect(split.stderr).toBe(code(whole.stderr));
      expect(split.code).toBe(whole.code);
      expect(await rowsOf(client, "select count(*) from item where id > 1000")).toEqual(["0"]);
    });

    test("a row without shard key is PostgreSQL's error too, without the row", async () => {
      const outcome = await psql([], "\\copy item from stdin\n1001\tx\t1\n\\N\ty\t1\n\\.\n");
      expect(outcome.stderr).toMatch(
        /^ERROR: {2}null value in column "id" of relation "item" violates not-null constraint\n/,
      );
      expect(await rowsOf(client, "select count(*) from item where id > 1000")).toEqual(["0"]);
    });

    test("\\copy out of what several shards must put together is refused with a hint", async () => {
      const outcome = await psql("\\copy (select name, count(*) from item group by name) to stdout");
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(/^ERROR: .*\[SG058\]\nHINT: /);
    });
  });

  describe("scripts", () => {
    test("-1 makes one transaction of a file", async () => {
      const file = join(directory, "script.sql");
      const text =
        "create table made (id int primary key);\ninsert into made values (1), (2);\nselect count(*) from item;\n";
      writeFileSync(file, `${text}insert into item values (1);\n`);
      const failed = await psql(["-1", "-q", "-v", "ON_ERROR_STOP=1", "-f", file]);
      expect(failed.code).toBe(3);
      expect(failed.stderr).toContain(
        `psql:${file}:4: ERROR:  duplicate key value violates unique constraint "item_pkey"`,
      );
      expect(await rowsOf(client, "select to_regclass('made')")).toEqual(["null"]);
      writeFileSync(file, text);
      expect((await psql(["-1", "-q", "-v", "ON_ERROR_STOP=1", "-f", file])).code).toBe(0);
      expect(await rowsOf(client, "select count(*) from made")).toEqual(["2"]);
      await client.query("drop table made");
    });

    test("ON_ERROR_ROLLBACK goes on after errors in a transaction", async () => {
      const input = [
        "begin;",
        "update item set name = 'changed' where id = 1;",
        "insert into item values (1);",
        "select nope;",
        "update item set name = 'changed' where id in (2, 3, 4, 5);",
        "commit;",
      ].join("\n");
      const outcome = await psql(["-q", "-v", "ON_ERROR_ROLLBACK=on"], input);
      expect(outcome.stderr.match(/ERROR/g)).toHaveLength(2);
      expect(await rowsOf(client, "select count(*) from item where name = 'changed'")).toEqual(["5"]);
      await client.query("update item set name = 'item ' || id where name = 'changed'");
    });

    test("AUTOCOMMIT off begins transactions by itself", async () => {
      const input =
        "update item set name = 'lost';\nrollback;\nupdate item set name = 'kept' where id in (1, 2, 3);\ncommit;\ndelete from item;\n";
      expect((await psql(["-q", "-v", "AUTOCOMMIT=off"], input)).stderr).toBe("");
      expect(
        await rowsOf(client, "select name, count(*) from item where name in ('kept', 'lost') group by name"),
      ).toEqual(["kept|3"]);
      expect(await rowsOf(client, "select count(*) from item")).toEqual(["60"]);
      await client.query("update item set name = 'item ' || id where name = 'kept'");
    });

    test("FETCH_COUNT reads through a cursor, which several shards cannot have", async () => {
      const some = ["-At", "-v", "FETCH_COUNT=3"];
      expect((await psql([...some, "-c", "select id from plain order by id"])).stdout.trim().split("\n")).toHaveLength(
        20,
      );
      expect((await psql([...some, "-c", "select name from item where id = 7"])).stdout).toBe("item 7\n");
      expect((await psql([...some, "-c", "select id from item"])).stderr).toMatch(/\[SG060\]/);
    });

    test("several databases and roles are reached by \\c", async () => {
      const input =
        "create database second;\n\\c second\nselect current_database();\n\\c postgres\ndrop database second;\n";
      const outcome = await psql(["-Atq"], input);
      expect(outcome.stderr).toBe("");
      expect(outcome.stdout).toContain("second\n");
    });

    test("a large result comes whole", async () => {
      const rows = "select i.id, n, repeat('x', 100) from item i, generate_series(1, 1000) n";
      const outcome = await psql(["-At", "-c", rows]);
      expect(outcome.stdout.length).toBe(
        Array.from({ length: 60 }, (_, i) => String(i + 1).length).reduce((sum, length) => sum + length * 1000, 0) +
          60 * (103 * 1000 + 2893),
      );
    });
  });
});
