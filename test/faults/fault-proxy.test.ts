// The proxy itself, between a client and a real PostgreSQL: what it lets through, what it recognises, and that a fault
// happens at exactly the byte where it was asked for.
import { PassThrough } from "node:stream";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { frontend } from "../../src/pgwire/message-type.ts";
import { rowsOf, runAll } from "../support/cluster-clients.ts";
import { eventually } from "../support/eventually.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { RawClient } from "../support/raw-client.ts";
import { FaultProxy } from "./fault-proxy.ts";
import type { ProxiedConnection } from "./proxied-connection.ts";
import { commitStep, type WireMessage } from "./wire-message.ts";

let server: PostgresServer;
let proxy: FaultProxy;
/** Behind the proxy's back. */
let direct: pg.Client;
let client: pg.Client;

beforeAll(async () => {
  server = await startPostgres();
  direct = new pg.Client({ connectionString: server.connectionString });
  await direct.connect();
  await direct.query("create table seen (word text)");
});
beforeEach(async () => {
  proxy = await FaultProxy.start({ host: server.socketDirectory, port: server.port });
  client = await connect();
});
afterEach(async () => {
  await client.end().catch(() => {});
  await proxy.close();
  for (const gid of await prepared()) await direct.query(`rollback prepared '${gid}'`);
  await direct.query("truncate seen");
});
afterAll(async () => {
  await direct?.end();
  await server?.stop();
});

async function connect(): Promise<pg.Client> {
  const through = new pg.Client({ ...proxy.address, user: "postgres", database: "postgres" });
  through.on("error", () => {});
  await through.connect();
  return through;
}

const prepared = () => rowsOf(direct, "select gid from pg_prepared_xacts order by gid");
const seen = () => rowsOf(direct, "select word from seen order by word");
const isAlive = async (pid: number | undefined) =>
  (await direct.query("select from pg_stat_activity where pid = $1", [pid])).rows.length > 0;

const asLine = ({ direction, step, type }: WireMessage) => `${direction} ${step} ${type}`;

/** Stops the connection once, at the message that reads so; resolves with the connection when it stands still. */
function stopAt(line: string, deliver: (bytes: Buffer) => number): Promise<ProxiedConnection> {
  return new Promise((resolve) => {
    proxy.onMessage = (message, bytes) => {
      if (asLine(message) !== line) return undefined;
      proxy.onMessage = () => undefined;
      return { deliver: deliver(bytes), stopped: resolve };
    };
  });
}

const none = () => 0;
const half = (bytes: Buffer) => bytes.length >> 1;

describe("what passes", () => {
  test("simple and extended queries, errors, large results", async () => {
    expect(await rowsOf(client, "select $1::int + 1", [41])).toEqual(["42"]);
    await expect(client.query("select 1 / 0")).rejects.toMatchObject({ code: "22012" });
    const { rows } = await client.query("select repeat('x', 1000) as x from generate_series(1, 5000)");
    expect(rows).toHaveLength(5000);
    expect((await client.query("select repeat('y', 3000000) as y")).rows[0].y).toHaveLength(3_000_000);
    await expect(client.query("select '\n', $1::text", ["x".repeat(2_000_000)])).resolves.toBeTruthy();
  });

  test("messages that come byte by byte, the startup packet first", async () => {
    const startup = Buffer.from("\0\0\0\x28\0\x03\0\0user\0postgres\0database\0postgres\0\0", "latin1");
    startup.writeInt32BE(startup.length, 0);
    const raw = await RawClient.open(proxy.address.port);
    raw.expectMessages();
    for (const bytes of [startup, Buffer.from("Q\0\0\0\x0dselect 1\0", "latin1")]) {
      raw.frames.length = 0;
      for (const byte of bytes) {
        raw.send(Buffer.from([byte]));
        await new Promise(setImmediate);
      }
      expect((await raw.until("Z")).at(-1)).toMatch(/^Z/);
    }
    raw.socket.destroy();
  });

  test("an encryption request is answered with no", async () => {
    const raw = await RawClient.open(proxy.address.port);
    raw.send(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    expect((await raw.rawBytes(1)).toString()).toBe("N");
    raw.start({ user: "postgres", database: "postgres" });
    await raw.until("Z");
    raw.socket.destroy();
  });

  test("a cancel request", async () => {
    const sleeping = client.query("select pg_sleep(60)");
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
    await eventually(
      async () => (await rowsOf(direct, "select 1 from pg_stat_activity where wait_event = 'PgSleep'"))[0],
    );
    const raw = await RawClient.open(proxy.address.port);
    const cancel = Buffer.alloc(16);
    for (const [i, word] of [16, 80877102, processID, secretKey].entries()) cancel.writeInt32BE(word, i * 4);
    raw.send(cancel);
    await expect(sleeping).rejects.toMatchObject({ code: "57014" });
    raw.socket.destroy();
  });

  test("the end of either side, and it is known who serves a connection", async () => {
    const [connection] = [...proxy.connections];
    const [pid] = await rowsOf(client, "select pg_backend_pid()");
    expect(String(connection!.backendPid)).toBe(pid);
    const ended = new Promise((resolve) => client.once("end", resolve));
    await direct.query("select pg_terminate_backend($1)", [pid]);
    await ended;
    await connection!.closed;
    const second = await connect();
    const [next] = [...proxy.connections];
    await second.end();
    await next!.closed;
    await eventually(async () => !(await isAlive(next!.backendPid)));
    expect(proxy.connections.size).toBe(0);
  });

  test("a server that is not there is a connection that closes", async () => {
    const nowhere = await FaultProxy.start({ host: server.socketDirectory, port: 1 });
    const lost = new pg.Client({ ...nowhere.address, user: "postgres", database: "postgres" });
    lost.on("error", () => {});
    await expect(lost.connect()).rejects.toThrow();
    await nowhere.close();
  });
});

describe("what is recognised", () => {
  test.each([
    ["SELECT shardgres.record_decision('g', ARRAY['s2'])", "record"],
    ["SELECT shardgres.record_commit('g'); PREPARE TRANSACTION 'g'", "record+prepare"],
    ["prepare  transaction 'g'", "prepare"],
    ["SET CONSTRAINTS ALL IMMEDIATE", "check"],
    ["COMMIT", "commit"],
    ["COMMIT; SELECT 1", "commit"],
    ["COMMIT PREPARED 'g'", "commit-prepared"],
    ["ROLLBACK PREPARED 'g'", "rollback-prepared"],
    ["ROLLBACK", "rollback"],
    ["ROLLBACK TO SAVEPOINT s", undefined],
    ["INSERT INTO commit VALUES (1)", undefined],
    ["BEGIN", undefined],
  ])("%s", (sql, step) => {
    expect(commitStep(sql)).toBe(step);
  });

  test("all messages of a two-phase commit, in their order, and nothing else", async () => {
    const lines: string[] = [];
    proxy.onMessage = (message) => {
      lines.push(asLine(message));
      return undefined;
    };
    await runAll(client, "begin", "insert into seen values ('a')", "prepare transaction 'g'", "select 1");
    await runAll(client, "commit prepared 'g'", "begin", "insert into seen values ('b')", "commit");
    await expect(client.query("rollback prepared 'unknown'")).rejects.toMatchObject({ code: "42704" });
    await client.query({ text: "rollback", values: [], name: "by-name" });
    expect(lines).toEqual([
      ...["request prepare Q", "answer prepare C", "answer prepare Z"],
      ...["request commit-prepared Q", "answer commit-prepared C", "answer commit-prepared Z"],
      ...["request commit Q", "answer commit C", "answer commit Z"],
      ...["request rollback-prepared Q", "answer rollback-prepared E", "answer rollback-prepared Z"],
      ...["P", "B", "D", "E", "S"].map((type) => `request rollback ${type}`),
      ...["1", "2", "n", "N", "C", "Z"].map((type) => `answer rollback ${type}`),
    ]);
  });

  test("answers of requests that were sent together go to the right ones", async () => {
    const lines: string[] = [];
    proxy.onMessage = (message) => {
      lines.push(asLine(message));
      return undefined;
    };
    const raw = await RawClient.ready(proxy.address.port);
    const query = (sql: string) => {
      const text = Buffer.from(`${sql}\0`);
      const header = Buffer.from([frontend.query, 0, 0, 0, 0]);
      header.writeInt32BE(text.length + 4, 1);
      return Buffer.concat([header, text]);
    };
    raw.send(query("begin"), query("select 1; select 2"), query("commit"), query("select 3"));
    await raw.until("Z", 4);
    expect(lines).toEqual(["request commit Q", "answer commit C", "answer commit Z"]);
    raw.socket.destroy();
  });
});

describe("faults", () => {
  beforeEach(() => runAll(client, "begin", "insert into seen values ('a')"));

  test("cut before the request: the server has rolled back", async () => {
    const stopped = stopAt("request prepare Q", none);
    const answer = expect(client.query("prepare transaction 'g'")).rejects.toThrow(/terminated/);
    const connection = await stopped;
    connection.cut();
    await answer;
    await eventually(async () => !(await isAlive(connection.backendPid)));
    expect([await prepared(), await seen()]).toEqual([[], []]);
  });

  test("cut within the request: the same", async () => {
    const stopped = stopAt("request commit Q", half);
    const answer = expect(client.query("commit")).rejects.toThrow(/terminated/);
    const connection = await stopped;
    connection.cut();
    await answer;
    await eventually(async () => !(await isAlive(connection.backendPid)));
    expect(await seen()).toEqual([]);
  });

  test.each([
    ["answer prepare C", none],
    ["answer prepare C", half],
    ["answer prepare Z", none],
    ["answer prepare Z", half],
  ] as const)("cut at '%s' (%o): the server has done it, and the client does not know", async (line, deliver) => {
    const stopped = stopAt(line, deliver);
    let isAnswered = false;
    const answer = expect(client.query("prepare transaction 'g'").finally(() => (isAnswered = true))).rejects.toThrow();
    const connection = await stopped;
    expect(await prepared()).toEqual(["g"]);
    await new Promise(setImmediate);
    expect(isAnswered).toBe(false);
    connection.cut();
    await answer;
    await eventually(async () => !(await isAlive(connection.backendPid)));
    expect(await prepared()).toEqual(["g"]);
  });

  test("only the client's side cut: the request arrives late, and is done all the same", async () => {
    const stopped = stopAt("request commit Q", none);
    const answer = expect(client.query("commit")).rejects.toThrow(/terminated/);
    const connection = await stopped;
    connection.cutClient();
    await answer;
    expect(await isAlive(connection.backendPid)).toBe(true);
    expect(await seen()).toEqual([]);
    connection.thaw();
    await connection.closed;
    await eventually(async () => !(await isAlive(connection.backendPid)));
    expect(await seen()).toEqual(["a"]);
  });

  test.each(["request commit Q", "answer commit C", "answer commit Z"])("frozen at '%s', then thawed", async (line) => {
    const stopped = stopAt(line, half);
    const answer = client.query("commit");
    const connection = await stopped;
    // The next request waits behind it.
    const next = rowsOf(client, "select word from seen");
    expect(await seen()).toEqual(line.startsWith("request") ? [] : ["a"]);
    connection.thaw();
    expect((await answer).command).toBe("COMMIT");
    expect(await next).toEqual(["a"]);
  });

  test("while frozen not even the end of a side passes", async () => {
    const stopped = stopAt("answer commit C", none);
    const answer = expect(client.query("commit")).rejects.toThrow(/terminated/);
    const connection = await stopped;
    await direct.query("select pg_terminate_backend($1)", [connection.backendPid]);
    await eventually(async () => !(await isAlive(connection.backendPid)));
    expect(proxy.connections.has(connection)).toBe(true);
    connection.cut();
    await answer;
    expect(await seen()).toEqual(["a"]);
  });

  test("bytes are delivered up to the very place", async () => {
    const raw = await RawClient.ready(proxy.address.port);
    const stopped = stopAt("answer commit C", (bytes) => bytes.length - 1);
    const received = new PassThrough();
    raw.socket.pipe(received);
    raw.send(Buffer.from("Q\0\0\0\x0bcommit\0", "latin1"));
    (await stopped).cut();
    const chunks = await received.toArray();
    const last = Buffer.concat(chunks).subarray(-11);
    expect(last).toEqual(Buffer.from("C\0\0\0\x0bCOMMIT", "latin1"));
  });

  test("other connections are not touched", async () => {
    const other = await connect();
    const stopped = stopAt("request commit Q", none);
    const answer = expect(client.query("commit")).rejects.toThrow(/terminated/);
    const connection = await stopped;
    expect(await rowsOf(other, "select count(*) from seen")).toEqual(["0"]);
    connection.cut();
    await answer;
    expect(await rowsOf(other, "select count(*) from seen")).toEqual(["0"]);
    await other.end();
  });
});
