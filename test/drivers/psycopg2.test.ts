// The driver psycopg2 (Python, on libpq) at the gateway: server-side cursors, COPY, executemany, its ways with transactions.
// Every test is a piece of Python that prints what it sees as JSON.
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients } from "../support/cluster-clients.ts";
import { makeDriverTables, restoreDriverTables, tableKinds } from "../support/driver-tables.ts";
import { describeWith, pythonWithPsycopg2 } from "../support/requirement.ts";
import { runProgram } from "../support/run-program.ts";

const prelude = `
import io, json, sys, datetime, decimal, threading, uuid, select
import psycopg2, psycopg2.extras, psycopg2.extensions, psycopg2.errors
from psycopg2 import sql
def connect(**options): return psycopg2.connect(sys.argv[1], **options)
def show(*values): print(json.dumps(values, default=str, ensure_ascii=False))
def code(run):
    try: run()
    except psycopg2.Error as error: return error.pgcode
    return None
T = sys.argv[2]
con = connect()
cur = con.cursor()
`;

describeWith(["python3 with psycopg2"], "psycopg2", () => {
  const python = pythonWithPsycopg2() ?? "python3";
  let cluster: TestCluster;
  let clients: ClusterClients;
  let admin: pg.Client;

  beforeAll(async () => {
    cluster = await startCluster({ shards: 3 });
    clients = new ClusterClients(cluster, 3);
    admin = await clients.open();
    await makeDriverTables(admin);
  });
  beforeEach(() => restoreDriverTables(admin));
  afterAll(async () => {
    await clients?.end();
    await cluster?.stop();
  });

  /** What each call of `show` was given. */
  async function run(code: string, table = ""): Promise<unknown[][]> {
    const dsn = `host=127.0.0.1 port=${cluster.port} user=postgres dbname=postgres`;
    const environment = { PYTHONIOENCODING: "utf-8" };
    const outcome = await runProgram(python, ["-c", prelude + code, dsn, table], { environment });
    expect(outcome.stderr).toBe("");
    return outcome.stdout
      .trim()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as unknown[]);
  }

  describe.each(tableKinds)("with an %s table", (kind) => {
    const table = `thing_${kind}`;

    test("values of all types go in and come out", async () => {
      const shown = await run(
        `
row = dict(id=1000, word="it's ä€😀 \\\\", big=2**62, amount=decimal.Decimal("123.125"), ratio=0.1, flag=True,
  at=datetime.datetime(2026, 5, 6, 7, 8, 9, 10, tzinfo=datetime.timezone.utc), day=datetime.date(2026, 2, 28),
  bytes=psycopg2.Binary(b"\\x00\\x01'\\xff"), uid="a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
  doc=psycopg2.extras.Json({"a": [1, None]}), tags=["a", 'b "c"', None, ""], numbers=[1, -2])
names = sql.SQL(", ").join(map(sql.Identifier, row))
places = sql.SQL(", ").join(map(sql.Placeholder, row))
cur.execute(sql.SQL("insert into {} ({}) values ({})").format(sql.Identifier(T), names, places), row)
show(cur.rowcount, cur.statusmessage)
con.commit()
cur = con.cursor(cursor_factory=psycopg2.extras.RealDictCursor)
cur.execute(f"select * from {T} where id = %s and word = %s", (1000, row["word"]))
got = cur.fetchone()
show(bytes(got.pop("bytes")) == b"\\x00\\x01'\\xff", [got[key] == row[key] for key in ("big", "amount", "ratio", "flag", "at", "day")])
show(got["word"], got["doc"], got["tags"], got["numbers"], got["uid"])
show([column.type_code for column in cur.description][:5])
`,
        table,
      );
      expect(shown).toEqual([
        [1, "INSERT 0 1"],
        [true, [true, true, true, true, true, true]],
        ["it's ä€😀 \\", { a: [1, null] }, ["a", 'b "c"', null, ""], [1, -2], "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
        [[23, 25, 20, 1700, 701]],
      ]);
    });

    test("a server-side cursor reads one shard's rows; over several shards it is refused", async () => {
      const shown = await run(
        `
named = con.cursor("here")
named.itersize = 3
named.execute(f"select id, n from {T}, generate_series(1, 10) n where id = %s", (7,))
show(len(list(named)))
named.close()
def everything():
    with con.cursor("all_of_them") as every:
        every.itersize = 7
        every.execute(f"select id from {T} order by id")
        show([row[0] for row in every] == list(range(1, 61)))
show(code(everything))
con.rollback()
held = con.cursor("held", withhold=True, scrollable=True)
held.execute(f"select n from {T}, generate_series(1, 10) n where id = 8 order by n")
con.commit()
show(held.fetchmany(3), held.fetchone())
held.scroll(-2)
show(held.fetchall())
held.close()
con.commit()
`,
        table,
      );
      expect(shown[0]).toEqual([10]);
      expect(shown.slice(1, -2)).toEqual(kind === "distributed" ? [["0A000"]] : [[true], [null]]);
      expect(shown.slice(-2)).toEqual([[[[1], [2], [3]], [4]], [[[3], [4], [5], [6], [7], [8], [9], [10]]]]);
    });

    test("COPY in and out, in all formats", async () => {
      const shown = await run(
        `
text = "".join(f"{1000 + n}\\tword {n}\\t{{a,b}}\\n" for n in range(2000))
cur.copy_expert(f"copy {T} (id, word, tags) from stdin", io.StringIO(text))
show(cur.rowcount)
out = io.StringIO()
cur.copy_expert(f"copy {T} (id, word, tags) to stdout", out)
lines = [line for line in out.getvalue().splitlines(True) if line[:4].isdigit()]
show("".join(sorted(lines)) == text)
con.rollback()
cur.execute(f"select count(*) from {T}")
show(cur.fetchone())
cur.copy_expert(f"copy {T} (id, word) from stdin with (format csv, header)", io.StringIO('id,word\\n1001,"a, ""b"""\\n1002,\\n1003,"x\\ny"\\n'))
con.commit()
cur.execute(f"select word from {T} where id > 1000 order by id")
show(cur.fetchall())
binary = io.BytesIO()
cur.copy_expert(f"copy {T} to stdout with binary", binary)
cur.execute(f"delete from {T}")
cur.copy_expert(f"copy {T} from stdin with binary", io.BytesIO(binary.getvalue()))
show(cur.rowcount)
con.commit()
cur.copy_from(io.StringIO("2001|one\\n2002|NIL\\n2003|three\\n"), T, sep="|", null="NIL", columns=("id", "word"))
con.commit()
show(code(lambda: cur.copy_from(io.StringIO("3001\\tx\\n3002\\ty\\n3001\\tz\\n"), T, columns=("id", "word"))))
con.rollback()
cur.execute(f"select count(*), count(word) from {T} where id >= 2000")
show(cur.fetchone())
`,
        table,
      );
      expect(shown).toEqual([[2000], [true], [[60]], [[['a, "b"'], [null], ["x\ny"]]], [63], ["23505"], [[3, 2]]]);
    });

    test("executemany, execute_batch and execute_values write many rows", async () => {
      const shown = await run(
        `
cur.executemany(f"insert into {T} (id, word) values (%s, %s)", [(1000 + n, f"many {n}") for n in range(30)])
psycopg2.extras.execute_batch(cur, f"insert into {T} (id, word) values (%s, %s)", [(2000 + n, f"batch {n}") for n in range(230)])
got = psycopg2.extras.execute_values(cur, f"insert into {T} (id, word) values %s returning id",
  [(3000 + n, f"values {n}") for n in range(230)], fetch=True)
show(len(got), sorted(row[0] for row in got) == list(range(3000, 3230)))
con.commit()
show(code(lambda: psycopg2.extras.execute_values(cur,
  f"update {T} t set word = v.word from (values %s) v (id, word) where t.id = v.id", [(1000, "changed"), (1001, "too")])))
con.commit()
cur.execute(f"select count(*), count(distinct word) from {T} where id >= 1000")
show(cur.fetchone())
cur.execute(f"select word from {T} where id in %s order by id", ((1000, 2005, 3007),))
show(cur.fetchall())
`,
        table,
      );
      // Copies of a reference table might be given different rows of the VALUES.
      const isRefused = kind === "reference";
      expect(shown).toEqual([
        [230, true],
        [isRefused ? "0A000" : null],
        [[490, 490]],
        [[[isRefused ? "many 0" : "changed"], ["batch 5"], ["values 7"]]],
      ]);
    });

    test("transactions: context managers, savepoints, isolation, autocommit", async () => {
      const shown = await run(
        `
try:
    with con, con.cursor() as c:
        c.execute(f"insert into {T} (id) values (1001), (1002), (1003)")
        c.execute(f"insert into {T} (id) values (1)")
except psycopg2.errors.UniqueViolation as error:
    show(error.diag.constraint_name, error.diag.message_detail, error.diag.severity)
with con, con.cursor() as c:
    c.execute("savepoint s")
    c.execute(f"delete from {T}")
    c.execute("rollback to savepoint s")
    c.execute(f"update {T} set flag = true")
    show(c.rowcount, con.get_transaction_status() == psycopg2.extensions.TRANSACTION_STATUS_INTRANS)
show(con.get_transaction_status() == psycopg2.extensions.TRANSACTION_STATUS_IDLE)
con.set_session(isolation_level="REPEATABLE READ", readonly=True)
cur.execute(f"select current_setting('transaction_isolation') from {T} where id = 33")
show(cur.fetchone(), code(lambda: cur.execute(f"delete from {T} where id = 44")))
con.rollback()
con.set_session(isolation_level="DEFAULT", readonly="DEFAULT", autocommit=True)
cur.execute(f"update {T} set word = 'auto' where id <= 10")
other = connect()
oc = other.cursor()
oc.execute(f"select count(*) from {T} where word = 'auto'")
show(oc.fetchone())
con.set_session(readonly=True)
show(code(lambda: cur.execute(f"delete from {T}")))
con.set_session(readonly=False)
cur.execute(f"delete from {T} where id <= 5")
show(cur.rowcount)
`,
        table,
      );
      expect(shown).toEqual([
        [`${table}_pkey`, "Key (id)=(1) already exists.", "ERROR"],
        [60, true],
        [true],
        [["repeatable read"], "25006"],
        [[10]],
        ["25006"],
        [5],
      ]);
    });
  });

  test("another client encoding is refused, for the gateway reads shard keys as UTF-8", async () => {
    const shown = await run(`
show(code(lambda: con.set_client_encoding("LATIN1")))
con.rollback()
try:
    connect(client_encoding="LATIN1")
except psycopg2.OperationalError as error:
    show("client_encoding must be UTF8 [SG081]" in str(error))
cur.execute("select word from thing_distributed where word = %s", ("Zürich",))
show(cur.fetchall(), con.encoding)
`);
    expect(shown).toEqual([["0A000"], [true], [[], "UTF8"]]);
  });

  test("notifications, notices, cancelling, and what the server is", async () => {
    const shown = await run(`
con.autocommit = True
cur.execute("listen room")
other = connect()
other.autocommit = True
other.cursor().execute("notify room, 'hello'")
while not con.notifies:
    select.select([con], [], [], 10)
    con.poll()
show(con.notifies[0].channel, con.notifies[0].payload)
cur.execute("do $$ begin raise notice 'noted'; end $$")
show(con.notices)
threading.Timer(0.5, con.cancel).start()
show(code(lambda: cur.execute("select pg_sleep(30)")))
threading.Timer(0.5, con.cancel).start()
show(code(lambda: cur.execute("select pg_sleep(30) from thing_distributed")))
cur.execute("select 1")
show(cur.fetchone(), con.server_version // 10000, con.encoding, con.get_parameter_status("standard_conforming_strings"))
`);
    expect(shown).toEqual([["room", "hello"], [["NOTICE:  noted\n"]], ["57014"], ["57014"], [[1], 18, "UTF8", "on"]]);
  });

  test("two-phase commit by the driver: tpc_begin, tpc_prepare, tpc_recover, tpc_commit, tpc_rollback", async () => {
    const shown = await run(`
def change(con, xid, ids, word):
    con.tpc_begin(xid)
    with con.cursor() as cur: cur.execute("update thing_distributed set word = %s where id = any(%s)", (word, ids))
def count(word):
    con.rollback()
    cur.execute("select count(*) from thing_distributed where word = %s", (word,))
    return cur.fetchone()[0]
ids = list(range(1, 10))
first = connect()
change(first, first.xid(42, "global", "branch"), ids, "prepared")
first.tpc_prepare()
show(count("prepared"))
first.close()
found = con.tpc_recover()
show([[x.format_id, x.gtrid, x.bqual, x.owner, x.database] for x in found])
con.rollback()
con.tpc_commit(found[0])
show(count("prepared"), len(con.tpc_recover()))
second = connect()
change(second, second.xid(42, "global", "other"), ids, "rolled back")
second.tpc_prepare()
second.tpc_rollback()
change(second, "plain name", ids, "one phase")
second.tpc_commit()
show(count("rolled back"), count("one phase"), len(con.tpc_recover()))
show(code(lambda: connect().tpc_commit("nobody")))
`);
    expect(shown).toEqual([[0], [[[42, "global", "branch", "postgres", "postgres"]]], [9, 0], [0, 9, 0], ["42704"]]);
  });
});
