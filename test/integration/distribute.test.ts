// Distributing tables with rows over three real shards and back: every row is in one place, its own; sequences give no value
// twice; triggers of users stay silent; and an error leaves nothing changed.
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AppError } from "../../src/base/app-error.ts";
import { newShardSequencesSql } from "../../src/catalog/shared-sequences.ts";
import { copyOut } from "../../src/executor/copy-out.ts";
import { distribute } from "../../src/executor/distribute.ts";
import { ShardError } from "../../src/pgwire/error-fields.ts";
import { SqlError } from "../../src/pgwire/sql-error.ts";
import type { CopyFormat, DistributePlan } from "../../src/planner/plan.ts";
import { bucketExpression } from "../../src/sharding/bucket-expression.ts";
import type { ShardKeyType } from "../../src/sharding/shard-key-type.ts";
import { RecordingSink, ThreeShards } from "../support/three-shards.ts";

let shards: ThreeShards;
let sink = new RecordingSink();

beforeAll(async () => {
  shards = await ThreeShards.start();
});

afterAll(async () => {
  await shards?.stop();
});

afterEach(async () => {
  await shards.everywhere(
    "DROP SCHEMA public CASCADE; CREATE SCHEMA public; DELETE FROM shardgres.tables; DELETE FROM shardgres.colocation_groups",
  );
});

const constant = (text: string | undefined) => (text === undefined ? undefined : ({ kind: "constant", text } as const));

function plan(
  action: DistributePlan["action"],
  table: string,
  shardKey?: string,
  colocateWith?: string,
): DistributePlan {
  return {
    kind: "distribute",
    action,
    table: { kind: "constant", text: table },
    shardKey: constant(shardKey),
    colocateWith: constant(colocateWith),
    resultColumn: "x",
  };
}

async function run(wanted: DistributePlan, before = ""): Promise<void> {
  sink = new RecordingSink();
  await shards.inTransaction(async () => {
    if (before !== "") await (await shards.transaction.join(shards.topology.home)).run(before);
    await distribute(wanted, shards.execution("SELECT ..", sink));
  });
}

const createDistributed = (table: string, key: string, colocateWith?: string) =>
  run(plan("distribute", table, key, colocateWith));
const createReference = (table: string) => run(plan("reference", table));
const undistribute = (table: string) => run(plan("undistribute", table));

const home = (sql: string) => shards.clients[0]!.query(sql);

/** All rows of a table as JSON texts, sorted; each on the shard that owns it. */
async function placedRows(table: string, ...key: (readonly [string, ShardKeyType])[]): Promise<string[]> {
  const bucket = bucketExpression(key.map(([quotedName, type]) => ({ quotedName, type })));
  const all: string[] = [];
  for (const [shard, rows] of (await shards.rows(`SELECT to_jsonb(t)::text, ${bucket} FROM ${table} t`)).entries()) {
    for (const [row, owner] of rows) {
      expect(shards.ownerOf(Number(owner))).toBe(shard);
      all.push(row!);
    }
  }
  return all.sort();
}

async function rowsAt(shard: number, table: string): Promise<string[]> {
  const { rows } = await shards.clients[shard]!.query(`SELECT to_jsonb(t)::text AS row FROM ${table} t`);
  return rows.map(({ row }) => row as string).sort();
}

const counts = async (table: string) => (await shards.rows(`SELECT FROM ${table}`)).map((rows) => rows.length);

async function metadata(): Promise<string[]> {
  const all = await shards.rows(
    "SELECT relation::text, kind, shard_key::text, colocation_group FROM shardgres.tables ORDER BY 1",
  );
  expect(all[1]).toEqual(all[0]);
  expect(all[2]).toEqual(all[0]);
  return all[0]!.map((row) => row.join(" "));
}

describe("rows", () => {
  test("move to their owners, and come back", async () => {
    await shards.everywhere(
      "CREATE TABLE orders (tenant int NOT NULL, id bigint, note text, PRIMARY KEY (tenant, id))",
    );
    await home(
      "INSERT INTO orders SELECT i % 97, i, CASE WHEN i % 3 > 0 THEN 'note ' || i END FROM generate_series(1, 20000) i",
    );
    const before = await rowsAt(0, "orders");
    await createDistributed("orders", "tenant");
    expect(await placedRows("orders", ["tenant", "integer"])).toEqual(before);
    expect((await counts("orders")).every((count) => count > 3000)).toBe(true);
    expect(await metadata()).toEqual(["orders distributed {1} 1"]);
    expect(sink.notices()[0]).toBe('copying data of table "orders" to shard "s1", shard "s2"');
    expect(sink.notices()[1]).toMatch(/^copied \d+ rows of table "orders" to shard "s1"$/);

    await undistribute("orders");
    expect(await rowsAt(0, "orders")).toEqual(before);
    expect(await counts("orders")).toEqual([20000, 0, 0]);
    expect(await metadata()).toEqual([]);
  });

  test("with every type that can be a shard key, several columns, and what only text can carry", async () => {
    await shards.everywhere(`
      CREATE TYPE mood AS ENUM ('sad', 'happy');
      CREATE TYPE pair AS (a int, b mood);
      CREATE TABLE "Odd Table" (
        gone int, "Key One" uuid NOT NULL, double_id int GENERATED ALWAYS AS (id * 2) STORED, id int,
        ts timestamptz NOT NULL, d date NOT NULL, n numeric NOT NULL, b bytea NOT NULL, t varchar(20) NOT NULL,
        moods mood[], p pair, f float8, i interval, c regclass, j jsonb
      );
      ALTER TABLE "Odd Table" DROP COLUMN gone`);
    await shards.clients[1]!.query(
      'CREATE TYPE other AS ENUM (); ALTER TABLE "Odd Table" ADD x int; ALTER TABLE "Odd Table" DROP x',
    );
    await home(`
      SET datestyle = 'German'; SET intervalstyle = 'sql_standard'; SET extra_float_digits = -3;
      INSERT INTO "Odd Table" ("Key One", id, ts, d, n, b, t, moods, p, f, i, c, j)
      SELECT gen_random_uuid(), i, timestamptz '2000-01-01 00:00+00' + i * interval '37 hours 0.001 seconds',
        date '0099-01-01 BC' + i * 1000, i / 7.0, decode(md5(i::text), 'hex'), E'a\\\\b\\t' || i,
        ARRAY['sad', NULL, 'happy']::mood[], ROW(i, 'happy')::pair, i / 3.0::float8, i * interval '-1 day 5 seconds',
        'pg_class', jsonb_build_object('x', i)
      FROM generate_series(1, 500) i`);
    const before = await rowsAt(0, '"Odd Table"');
    const key = '"Key One",ts, d,n,b,t';
    await run(
      plan("distribute", '"Odd Table"', key),
      "SET LOCAL extra_float_digits = -3; SET LOCAL datestyle = 'SQL, DMY'",
    );
    const placed = await placedRows(
      '"Odd Table"',
      ['"Key One"', "uuid"],
      ["ts", "timestamptz"],
      ["d", "date"],
      ["n", "numeric"],
      ["b", "bytea"],
      ["t", "text"],
    );
    expect(placed).toEqual(before);
    await undistribute('public."Odd Table"');
    expect(await rowsAt(0, '"Odd Table"')).toEqual(before);
  });

  test("of a partitioned table move with their partitions", async () => {
    await shards.everywhere(`
      CREATE TABLE events (tenant text NOT NULL, at date NOT NULL, what text) PARTITION BY RANGE (at);
      CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2000-01-01') TO ('2020-01-01');
      CREATE TABLE events_new PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2040-01-01')`);
    await home(
      "INSERT INTO events SELECT 't' || i % 50, date '2001-01-01' + i * 10, md5(i::text) FROM generate_series(1, 1000) i",
    );
    const before = await rowsAt(0, "events");
    await createDistributed("events", "tenant");
    expect(await placedRows("events", ["tenant", "text"])).toEqual(before);
    expect((await placedRows("events_new", ["tenant", "text"])).length).toBeGreaterThan(100);
    await undistribute("events");
    expect(await rowsAt(0, "events")).toEqual(before);
  });

  test("of a reference table are copied to all shards, and stay at home afterwards", async () => {
    await shards.everywhere("CREATE TABLE country (code text PRIMARY KEY, name text)");
    await home("INSERT INTO country SELECT 'c' || i, md5(i::text) FROM generate_series(1, 300) i");
    await createReference("country");
    expect(await counts("country")).toEqual([300, 300, 300]);
    expect(await rowsAt(2, "country")).toEqual(await rowsAt(0, "country"));
    expect(await metadata()).toEqual(["country reference  "]);
    await undistribute("country");
    expect(await counts("country")).toEqual([300, 0, 0]);
  });

  test("obey foreign keys to reference tables", async () => {
    await shards.everywhere(`
      CREATE TABLE country (code text PRIMARY KEY);
      CREATE TABLE customer (
        tenant int, id int, country text REFERENCES country DEFERRABLE INITIALLY DEFERRED, boss int,
        PRIMARY KEY (tenant, id), FOREIGN KEY (tenant, boss) REFERENCES customer
      )`);
    await home("INSERT INTO country VALUES ('de'), ('fr')");
    await home(
      "INSERT INTO customer SELECT i % 20, i, CASE WHEN i % 2 = 0 THEN 'de' ELSE 'fr' END FROM generate_series(1, 200) i",
    );
    await home(
      "UPDATE customer SET boss = 200 - tenant WHERE id < 150 AND tenant > 0 AND EXISTS (SELECT FROM customer b WHERE b.tenant = customer.tenant AND b.id = 200 - customer.tenant)",
    );
    await createReference("country");
    await createDistributed("customer", "tenant");
    expect((await placedRows("customer", ["tenant", "integer"])).length).toBe(200);
    await undistribute("customer");
    expect(await counts("customer")).toEqual([200, 0, 0]);
  });

  test("in the tens of megabytes pass through", async () => {
    await shards.everywhere("CREATE TABLE big (id int NOT NULL, body text)");
    await home("INSERT INTO big SELECT i, repeat('x', 300000) FROM generate_series(1, 100) i");
    await createDistributed("big", "id");
    expect((await shards.rows("SELECT length(body) FROM big")).flat(2)).toEqual(Array(100).fill("300000"));
  });
});

describe("the table", () => {
  test("gets a NOT NULL shard key, or keeps its rows where one is NULL", async () => {
    await shards.everywhere("CREATE TABLE t (k int, v int)");
    await home("INSERT INTO t VALUES (NULL, 1), (2, 2)");
    await expect(createDistributed("t", "k")).rejects.toMatchObject({ fields: { code: "23502" } });
    expect(await counts("t")).toEqual([2, 0, 0]);
    await home("DELETE FROM t WHERE k IS NULL");
    await createDistributed("t", "k");
    expect(sink.notices()).toContain('shard key column "k" of table "t" is set NOT NULL');
    for (const [row] of await shards.rows(
      "SELECT attnotnull FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'k'",
    )) {
      expect(row).toEqual(["t"]);
    }
  });

  test("can be told apart by its rows when it has no primary key", async () => {
    await shards.everywhere("CREATE TABLE t (k int, v int)");
    await createDistributed("t", "k");
    expect((await shards.rows("SELECT relreplident FROM pg_class WHERE oid = 't'::regclass")).flat(2)).toEqual([
      "f",
      "f",
      "f",
    ]);
  });

  test("joins the tables with the same key types, or those that it names, or none", async () => {
    await shards.everywhere(
      "CREATE TABLE a (k int); CREATE TABLE b (k bigint); CREATE TABLE c (k int); CREATE TABLE d (k text)",
    );
    await createDistributed("a", "k");
    await createDistributed("b", "k", "default");
    await createDistributed("c", "k", "none");
    await createDistributed("d", "k");
    expect(await metadata()).toEqual([
      "a distributed {1} 1",
      "b distributed {1} 1",
      "c distributed {1} 2",
      "d distributed {1} 3",
    ]);
  });

  test("is found along the search path", async () => {
    await shards.everywhere("CREATE SCHEMA shop; CREATE TABLE shop.t (k int); CREATE TABLE t (other int)");
    await run(plan("distribute", "t", "k"), "SET LOCAL search_path = shop, public");
    expect(await metadata()).toEqual(["shop.t distributed {1} 1"]);
    await shards.everywhere("DROP SCHEMA shop CASCADE");
  });
});

describe("sequences", () => {
  const draw = async (table: string, count: number): Promise<bigint[]> => {
    const drawn = await Promise.all(
      shards.clients.map((client) =>
        client.query(`INSERT INTO ${table} (k) SELECT 1 FROM generate_series(1, ${count}) RETURNING id::text`),
      ),
    );
    return drawn.flatMap(({ rows }) => rows.map(({ id }) => BigInt(id as string)));
  };

  test.each(["bigserial", "serial", "bigint GENERATED BY DEFAULT AS IDENTITY (INCREMENT BY -5 START WITH -7)"])(
    "of %s columns give values that no other shard gives, and one sequence again afterwards",
    async (type) => {
      await shards.everywhere(`CREATE TABLE t (k int NOT NULL, id ${type})`);
      await home("INSERT INTO t (k) SELECT i FROM generate_series(1, 10) i");
      const sequenceState = async () => {
        const { rows } = await home("SELECT increment_by::text AS by, last_value::text AS last FROM pg_sequences");
        return rows[0] as { by: string; last: string };
      };
      const before = await sequenceState();
      await createDistributed("t", "k");
      const drawn = await draw("t", 1500);
      expect(new Set(drawn).size).toBe(4500);
      const used = new Set((await shards.rows("SELECT id FROM t")).flat(2));
      expect(used.size).toBe(4510);
      await undistribute("t");
      const { rows } = await home("INSERT INTO t (k) VALUES (0) RETURNING id::text");
      const next = BigInt((rows[0] as { id: string }).id);
      const sign = before.by.startsWith("-") ? -1n : 1n;
      for (const id of drawn) expect(next * sign > id * sign).toBe(true);
      expect((await sequenceState()).by).toBe(before.by);
      const strides = await shards.rows("SELECT increment_by FROM pg_sequences");
      expect(strides.flat(2)).toEqual([before.by, before.by, before.by]);
    },
  );

  test("go on where they were when nothing was drawn meanwhile", async () => {
    await shards.everywhere("CREATE TABLE t (k int NOT NULL, id bigserial)");
    await createDistributed("t", "k");
    expect(await draw("t", 1)).toEqual([1n, 2n, 3n]);
    await shards.everywhere("DELETE FROM t");
    await undistribute("t");
    expect((await home("INSERT INTO t (k) VALUES (0) RETURNING id::text")).rows).toEqual([{ id: "4" }]);
  });

  test("that two distributed tables share are shared out once", async () => {
    await shards.everywhere(`
      CREATE SEQUENCE ids; CREATE TABLE a (k int, id bigint DEFAULT nextval('ids'));
      CREATE TABLE b (k int, id bigint DEFAULT nextval('ids'))`);
    await createDistributed("a", "k");
    await createDistributed("b", "k");
    const increments = () => shards.rows("SELECT increment_by FROM pg_sequences").then((rows) => rows.flat(2));
    expect(await increments()).toEqual(["1024", "1024", "1024"]);
    const drawn = [...(await draw("a", 5)), ...(await draw("b", 5))];
    expect(new Set(drawn).size).toBe(30);
    await undistribute("a");
    expect(await increments()).toEqual(["1024", "1024", "1024"]);
    await undistribute("b");
    expect(await increments()).toEqual(["1", "1", "1"]);
  });

  test("of a shard that comes later give values that no other shard gives", async () => {
    const ddl = "CREATE TABLE t (k int NOT NULL, id bigserial, other int GENERATED ALWAYS AS IDENTITY)";
    await shards.everywhere(ddl);
    await home("INSERT INTO t (k) SELECT i FROM generate_series(1, 3000) i");
    await createDistributed("t", "k");
    await draw("t", 100);
    await home("CREATE DATABASE fresh");
    const fresh = new pg.Client({
      connectionString: shards.servers[0]!.connectionString.replace(/postgres$/, "fresh"),
    });
    try {
      await fresh.connect();
      await fresh.query(ddl);
      const query = async (sql: string) => String(Object.values((await home(sql)).rows[0] as object)[0]);
      for (const sql of await newShardSequencesSql(query, 7)) await fresh.query(sql);
      const { rows } = await fresh.query("INSERT INTO t (k) SELECT 1 FROM generate_series(1, 500) RETURNING id, other");
      for (const column of ["id", "other"]) {
        const used = new Set((await shards.rows(`SELECT ${column} FROM t`)).flat(2));
        for (const row of rows) expect(used).not.toContain(String((row as Record<string, unknown>)[column]));
      }
      await expect(newShardSequencesSql(query, 64)).rejects.toThrow("[SG131]");
    } finally {
      await fresh.end();
      await home("DROP DATABASE fresh");
    }
  });

  test("that cannot be shared out are refused", async () => {
    await shards.everywhere(`
      CREATE TABLE small (k int, id smallserial);
      CREATE TABLE cycling (k int, id int GENERATED ALWAYS AS IDENTITY (CYCLE));
      CREATE SEQUENCE ids; CREATE TABLE late (k int, id int DEFAULT nextval('ids'::text))`);
    await expect(createDistributed("small", "k")).rejects.toThrow("[SG130]");
    await expect(createDistributed("cycling", "k")).rejects.toThrow("[SG132]");
    await expect(createDistributed("late", "k")).rejects.toThrow("[SG133]");
  });

  test("of reference tables stay as they are", async () => {
    await shards.everywhere("CREATE TABLE t (k int NOT NULL, id bigserial)");
    await createReference("t");
    expect((await shards.rows("SELECT increment_by FROM pg_sequences")).flat(2)).toEqual(["1", "1", "1"]);
  });
});

describe("triggers", () => {
  test("of users do not fire for moved rows, and are afterwards as they were", async () => {
    await shards.everywhere(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'fired'; END $$;
      CREATE TABLE t (k int NOT NULL, at int NOT NULL) PARTITION BY LIST (at);
      CREATE TABLE t1 PARTITION OF t DEFAULT`);
    await home("INSERT INTO t SELECT i, 1 FROM generate_series(1, 100) i");
    await shards.everywhere(`
      CREATE TRIGGER "Row" BEFORE INSERT OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION refuse();
      CREATE TRIGGER stm AFTER INSERT OR DELETE OR TRUNCATE ON t EXECUTE FUNCTION refuse();
      CREATE TRIGGER part BEFORE INSERT ON t1 FOR EACH ROW EXECUTE FUNCTION refuse();
      CREATE TRIGGER off BEFORE INSERT ON t1 FOR EACH ROW EXECUTE FUNCTION refuse();
      ALTER TABLE t1 ENABLE ALWAYS TRIGGER part; ALTER TABLE t1 DISABLE TRIGGER off`);
    const states = () =>
      shards.rows("SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2");
    const before = await states();
    await createDistributed("t", "k");
    expect((await placedRows("t", ["k", "integer"])).length).toBe(100);
    expect(await states()).toEqual(before);
    await undistribute("t");
    expect(await counts("t")).toEqual([100, 0, 0]);
    expect(await states()).toEqual(before);
    await createReference("t");
    expect(await states()).toEqual(before);
    await expect(shards.clients[1]!.query("DELETE FROM t")).rejects.toThrow("fired");
  });
});

describe("errors", () => {
  test("say what is wrong", async () => {
    await shards.everywhere("CREATE TABLE t (k int, v text); CREATE VIEW v AS SELECT 1");
    await expect(createDistributed("nowhere", "k")).rejects.toMatchObject({ fields: { code: "42P01" } });
    await expect(createDistributed("v", "k")).rejects.toMatchObject({ fields: { code: "42809" } });
    await expect(createDistributed("t", "x")).rejects.toMatchObject({ fields: { code: "42703" } });
    await createDistributed("t", "k");
    await expect(createDistributed("t", "k")).rejects.toThrow("is already distributed by (k)");
    await expect(createReference("t")).rejects.toMatchObject({ fields: { code: "42P16", hint: /undistribute_table/ } });
    await undistribute("t");
    await expect(undistribute("t")).rejects.toThrow("is not sharded");
    await expect(run(plan("distribute", "t"))).rejects.toMatchObject({ fields: { code: "22004" } });
  });

  test("of the gateway's own statements have no position", async () => {
    const error = await createDistributed("nowhere", "k").catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ShardError);
    expect((error as ShardError).raw.has("P")).toBe(false);
  });

  test("leave everything as it was", async () => {
    await shards.everywhere("CREATE TABLE t (k int, id bigserial)");
    await home("INSERT INTO t SELECT i FROM generate_series(1, 1000) i");
    // Only one shard refuses a row, and only when it comes.
    await shards.clients[2]!.query(
      "ALTER TABLE t ADD CHECK (k <> 500 AND k <> 501 AND k <> 502 AND k <> 503 AND k <> 504)",
    );
    const state = async () => [
      await counts("t"),
      await metadata(),
      await shards.rows("SELECT increment_by, last_value FROM pg_sequences"),
      await shards.rows("SELECT attnotnull, attname FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0"),
    ];
    const before = await state();
    await expect(createDistributed("t", "k")).rejects.toMatchObject({ fields: { code: "23514" } });
    expect(await state()).toEqual(before);
    await shards.everywhere("SELECT 1");
  });

  test("come when another shard has rows of an unsharded table", async () => {
    await shards.everywhere("CREATE TABLE t (k int)");
    await shards.clients[1]!.query("INSERT INTO t VALUES (1)");
    await expect(createDistributed("t", "k")).rejects.toThrow("[SG152]");
    await expect(createReference("t")).rejects.toThrow("[SG152]");
  });

  test("come under a snapshot that may be too old", async () => {
    await shards.everywhere("CREATE TABLE t (k int)");
    const old = run(plan("distribute", "t", "k"), "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    await expect(old).rejects.toThrow("[SG151]");
  });

  test("come when row security would hide rows", async () => {
    await shards.everywhere(`
      CREATE ROLE tenant; GRANT ALL ON SCHEMA public TO tenant; CREATE TABLE t (k int NOT NULL);
      ALTER TABLE t OWNER TO tenant; ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;
      CREATE POLICY small ON t USING (k < 10)`);
    await home("INSERT INTO t SELECT i FROM generate_series(1, 100) i");
    try {
      const asTenant = shards.inTransaction(async () => {
        for (const shard of shards.topology.shards.keys())
          await (await shards.transaction.join(shard)).run("SET LOCAL ROLE tenant");
        await distribute(plan("distribute", "t", "k"), shards.execution("SELECT ..", sink));
      });
      await expect(asTenant).rejects.toMatchObject({ fields: { code: "42501" } });
      expect(await counts("t")).toEqual([100, 0, 0]);
    } finally {
      await shards.everywhere("DROP TABLE t; DROP OWNED BY tenant; DROP ROLE tenant");
    }
  });
});

describe("COPY TO STDOUT of a distributed table", () => {
  const format: CopyFormat = { kind: "text", delimiter: "\t", null: "\\N", quote: '"', escape: '"', header: false };

  async function copy(
    options: string,
    wanted: Partial<CopyFormat> = {},
    table = "t",
  ): Promise<{ tag: string; data: Buffer }> {
    sink = new RecordingSink();
    const execution = shards.execution(`COPY ${table} TO STDOUT ${options}`, sink);
    const tag = await shards.inTransaction(() =>
      copyOut(
        { kind: "copy-out", target: { kind: "all" }, sql: undefined, readOnly: true, format: { ...format, ...wanted } },
        execution,
      ),
    );
    expect(sink.messages.map((message) => String.fromCharCode(message[0]!)).join("")).toMatch(/^Hd*c$/);
    return { tag, data: sink.copyData() };
  }

  test("gives the rows of all shards, one header, one frame", async () => {
    await shards.everywhere("CREATE TABLE t (k int, v text)");
    await home("INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 5000) i");
    await createDistributed("t", "k");
    const lines = (data: Buffer) => data.toString().split("\n").slice(0, -1);
    const expected = Array.from({ length: 5000 }, (_, i) => `${i + 1}\trow ${i + 1}`).sort();

    const text = await copy("");
    expect(text.tag).toBe("COPY 5000");
    expect(lines(text.data).sort()).toEqual(expected);

    const csv = await copy("(FORMAT csv, HEADER)", { kind: "csv", delimiter: ",", header: true });
    const [header, ...rows] = lines(csv.data);
    expect(header).toBe("k,v");
    expect(rows.map((row) => row.replace(",", "\t")).sort()).toEqual(expected);

    const binary = await copy("(FORMAT binary)", { kind: "binary" });
    expect(binary.tag).toBe("COPY 5000");
    await home("CREATE TABLE loaded (k int, v text)");
    const { data } = binary;
    expect(data.subarray(0, 11).toString("latin1")).toBe("PGCOPY\n\xff\r\n\0");
    let rowCount = 0;
    for (let at = 19; data.readInt16BE(at) !== -1; rowCount++) {
      expect(data.readInt16BE(at)).toBe(2);
      at += 2;
      for (let field = 0; field < 2; field++) at += 4 + data.readInt32BE(at);
      if (data.readInt16BE(at) === -1) expect(at + 2).toBe(data.length);
    }
    expect(rowCount).toBe(5000);
  });

  test("gives frame and header without rows", async () => {
    await shards.everywhere("CREATE TABLE t (k int, v text)");
    expect((await copy("")).data.length).toBe(0);
    expect((await copy("(FORMAT csv, HEADER)", { kind: "csv", header: true })).data.toString()).toBe("k,v\n");
    const { tag, data } = await copy("(FORMAT binary)", { kind: "binary" });
    expect(tag).toBe("COPY 0");
    expect(data.length).toBe(21);
  });

  test("waits for a client that reads slowly, and ends when it is gone", async () => {
    await shards.everywhere("CREATE TABLE t (k int, v text)");
    await shards.everywhere("INSERT INTO t SELECT i, repeat('x', 1000) FROM generate_series(1, 10000) i");
    class SlowSink extends RecordingSink {
      override pendingBytes = 0;
      pendingMax = 0;
      isGone = false;
      override write(bytes: Buffer): boolean {
        super.write(bytes);
        this.pendingBytes += bytes.length;
        this.pendingMax = Math.max(this.pendingMax, this.pendingBytes);
        return false;
      }
      override async drained(): Promise<void> {
        await new Promise(setImmediate);
        if (this.isGone) throw new AppError("client-gone", "the client is gone");
        this.pendingBytes = 0;
      }
    }
    const copyInto = (slow: SlowSink) =>
      shards.inTransaction(() =>
        copyOut(
          { kind: "copy-out", target: { kind: "all" }, sql: undefined, readOnly: true, format },
          shards.execution("COPY t TO STDOUT", slow),
        ),
      );
    const slow = new SlowSink();
    expect(await copyInto(slow)).toBe("COPY 30000");
    expect(slow.copyData().length).toBeGreaterThan(30_000_000);
    expect(slow.pendingMax).toBeLessThan(1_000_000);
    const gone = new SlowSink();
    gone.isGone = true;
    await expect(copyInto(gone)).rejects.toThrow("the client is gone");
    expect((await copy("")).tag).toBe("COPY 30000");
  });

  test("an error of one shard ends it, and the connections can be used again", async () => {
    await shards.everywhere("CREATE TABLE t (k int, v text)");
    await shards.everywhere("INSERT INTO t SELECT i, repeat('x', 1000) FROM generate_series(1, 3000) i");
    await shards.clients[1]!.query("ALTER TABLE t RENAME TO elsewhere");
    await expect(copy("")).rejects.toBeInstanceOf(SqlError);
    await shards.clients[1]!.query("ALTER TABLE elsewhere RENAME TO t");
    expect((await copy("")).tag).toBe("COPY 9000");
  });
});
