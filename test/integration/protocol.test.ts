// The wire protocol at the gateway, said byte by byte: what is answered to what, in which order, and what bad input does.
import pg from "pg";
import { serialize } from "pg-protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ shards: 2 });
});
afterAll(() => cluster.stop());

const bind = (portal: string, statement: string, values: string[] = []) =>
  serialize.bind({ portal, statement, values });
const parse = (name: string, text: string) => serialize.parse({ name, text });
const execute = (portal = "", rows = 0) => serialize.execute({ portal, rows });
const describePortal = serialize.describe({ type: "P", name: "" });

describe("startup", () => {
  test("requests for encryption are declined, then the startup goes on", async () => {
    const client = await RawClient.open(cluster.port);
    client.socket.write(serialize.requestSsl());
    expect((await client.rawBytes(1)).toString()).toBe("N");
    client.socket.write(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30]));
    expect((await client.rawBytes(2)).toString()).toBe("NN");
    client.start({ user: "postgres", database: "postgres" });
    expect(await client.until("Z")).toContain("Z I");
    client.end();
  });

  test.each([
    [2, 0, "FATAL 0A000 unsupported frontend protocol 2.0: server supports 3.0 to 3.2"],
    [4, 0, "FATAL 0A000 unsupported frontend protocol 4.0: server supports 3.0 to 3.2"],
    [1, 7, "FATAL 0A000 unsupported frontend protocol 1.7: server supports 3.0 to 3.2"],
  ])("protocol %i.%i is refused", async (major, minor, expected) => {
    const client = await RawClient.open(cluster.port);
    client.expectMessages();
    client.socket.write(startup(major, minor, ["user", "postgres"]));
    expect(await client.closed()).toEqual([`E ${expected}`]);
  });

  test("protocol 3.2 gets a long secret, 3.9 is negotiated down, unknown protocol options are named", async () => {
    for (const [minor, options, negotiated, secretBytes] of [
      [2, [], false, 32],
      [0, [], false, 4],
      [9, [], true, 32],
      [2, ["_pq_.nonsense", "1"], true, 32],
    ] as const) {
      const client = await RawClient.open(cluster.port);
      client.expectMessages();
      client.socket.write(startup(3, minor, ["user", "postgres", "database", "postgres", ...options]));
      const lines = await client.until("Z");
      expect(lines.includes("v")).toBe(negotiated);
      const key = client.frames.find(({ type }) => type === "K".charCodeAt(0))!;
      expect(key.bytes.length).toBe(1 + 4 + 4 + secretBytes);
      client.end();
    }
  });

  test("a startup packet that comes byte by byte is read as one", async () => {
    const client = await RawClient.open(cluster.port);
    client.expectMessages();
    for (const byte of startup(3, 0, ["user", "postgres", "database", "postgres"])) {
      client.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await client.until("Z")).toContain("Z I");
    client.end();
  });

  test.each([
    [
      "no user",
      startup(3, 0, ["database", "postgres"]),
      "E FATAL 28000 no PostgreSQL user name specified in startup packet",
    ],
    ["an unknown role", startup(3, 0, ["user", "nobody"]), 'E FATAL 28000 role "nobody" does not exist'],
    [
      "an unknown database",
      startup(3, 0, ["user", "postgres", "database", "nowhere"]),
      'E FATAL 3D000 database "nowhere" does not exist',
    ],
    [
      "a bad setting",
      startup(3, 0, ["user", "postgres", "datestyle", "nonsense"]),
      'E FATAL 22023 invalid value for parameter "DateStyle": "nonsense"',
    ],
    [
      "no terminator",
      Buffer.from([0, 0, 0, 9, 0, 3, 0, 0, 65]),
      "E FATAL 08P01 invalid startup packet layout: expected terminator as last byte",
    ],
    [
      "an impossible length",
      Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 3, 0, 0]),
      "E FATAL 08P01 invalid length of startup packet",
    ],
    [
      "a huge length",
      Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0]),
      "E FATAL 08P01 invalid length of startup packet",
    ],
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "E FATAL 08P01 invalid length of startup packet"],
  ])("%s gets a clear error", async (_name, bytes, expected) => {
    const client = await RawClient.open(cluster.port);
    client.expectMessages();
    client.socket.write(bytes);
    expect((await client.closed()).at(-1)).toBe(expected);
  });
});

describe("simple query", () => {
  test("an empty text, comments and semicolons are an empty query", async () => {
    const client = await RawClient.ready(cluster.port);
    for (const text of ["", ";", " /* nothing */ ; -- here"]) {
      expect(await client.query(text)).toEqual(["I", "Z I"]);
    }
    client.end();
  });

  test("several statements are one implicit transaction", async () => {
    const client = await RawClient.ready(cluster.port);
    await client.query("create table series (a int)");
    expect(
      await client.query("insert into series values (1); insert into series values (2); select 1/0; select 2"),
    ).toEqual(["C INSERT 0 1", "C INSERT 0 1", "E ERROR 22012 division by zero", "Z I"]);
    expect(await client.query("select count(*) from series")).toEqual(["T", "D 0", "C SELECT 1", "Z I"]);
    expect(await client.query("insert into series values (1); select count(*) from series; commit; select 3")).toEqual([
      "C INSERT 0 1",
      "T",
      "D 1",
      "C SELECT 1",
      "N WARNING 25P01 there is no transaction in progress",
      "C COMMIT",
      "T",
      "D 3",
      "C SELECT 1",
      "Z I",
    ]);
    await client.query("drop table series");
    client.end();
  });

  test("the position of an error counts characters of the whole text", async () => {
    const client = new pg.Client({ host: "127.0.0.1", port: cluster.port, user: "postgres", database: "postgres" });
    await client.connect();
    for (const [text, position] of [
      ["select 'ä€😀', nope", "15"],
      ["select 'ä€😀'; select 1, nope", "25"],
      ["select 'ä€😀'; selec 1", "15"],
    ] as const) {
      await expect(client.query(text)).rejects.toMatchObject({ position });
    }
    await client.end();
  });

  test("a transaction that has failed refuses everything but its end", async () => {
    const client = await RawClient.ready(cluster.port);
    expect(await client.query("begin")).toEqual(["C BEGIN", "Z T"]);
    expect(await client.query("select 1/0")).toEqual(["E ERROR 22012 division by zero", "Z E"]);
    expect((await client.query("select 1")).at(0)).toMatch(/^E ERROR 25P02/);
    expect((await client.query("selec")).at(0)).toMatch(/^E ERROR 42601/);
    expect(await client.query("commit")).toEqual(["C ROLLBACK", "Z I"]);
    client.end();
  });
});

describe("extended query", () => {
  test("after an error everything up to Sync is passed over", async () => {
    const client = await RawClient.ready(cluster.port);
    client.send(parse("", "select 1/0"), bind("", ""), execute(), parse("x", "select 1"), serialize.sync());
    client.send(bind("", "x"), execute(), serialize.sync());
    expect(await client.until("Z", 2)).toEqual([
      "1",
      "2",
      "E ERROR 22012 division by zero",
      "Z I",
      'E ERROR 26000 prepared statement "x" does not exist',
      "Z I",
    ]);
    client.end();
  });

  test("a pipeline with one Sync is one transaction; answers come in order", async () => {
    const client = await RawClient.ready(cluster.port);
    await client.query("create table pipeline (a int primary key)");
    client.frames.length = 0;
    const insert = (value: string) => [parse("", "insert into pipeline values ($1)"), bind("", "", [value]), execute()];
    client.send(...insert("1"), ...insert("2"), ...insert("1"), serialize.sync());
    expect(await client.until("Z")).toEqual([
      ...["1", "2", "C INSERT 0 1", "1", "2", "C INSERT 0 1", "1", "2"],
      'E ERROR 23505 duplicate key value violates unique constraint "pipeline_pkey"',
      "Z I",
    ]);
    expect(await client.query("select count(*) from pipeline")).toContain("D 0");
    await client.query("drop table pipeline");
    client.end();
  });

  test("a named statement serves on every connection, may not be made twice, and can be closed", async () => {
    const client = await RawClient.ready(cluster.port);
    client.send(parse("s", "select $1::int + 1"), serialize.sync());
    client.send(bind("", "s", ["1"]), describePortal, execute(), serialize.sync());
    client.send(parse("s", "select 2"), serialize.sync());
    client.send(serialize.close({ type: "S", name: "s" }), serialize.sync());
    client.send(bind("", "s", ["1"]), serialize.sync());
    expect(await client.until("Z", 5)).toEqual([
      ...["1", "Z I", "2", "T", "D 2", "C SELECT 1", "Z I"],
      ...['E ERROR 42P05 prepared statement "s" already exists', "Z I", "3", "Z I"],
      ...['E ERROR 26000 prepared statement "s" does not exist', "Z I"],
    ]);
    client.end();
  });

  test("a failed transaction is ended by the extended protocol as well", async () => {
    const client = await RawClient.ready(cluster.port);
    for (const [end, status] of [
      ["rollback to a", "T"],
      ["rollback", "I"],
      ["commit", "I"],
    ]) {
      await client.query("rollback; begin; savepoint a; select nope");
      client.frames.length = 0;
      client.send(parse("", "select 1"), bind("", ""), describePortal, execute(), serialize.sync());
      client.send(parse("", end!), bind("", ""), describePortal, execute(), serialize.sync());
      const lines = await client.until("Z", 2);
      expect(lines[0]).toMatch(/^E ERROR 25P02/);
      expect(lines.slice(-5)).toEqual(["1", "2", "n", "C ROLLBACK", `Z ${status}`]);
    }
    client.end();
  });

  test("two clients that call different texts by one name do not mix them up", async () => {
    const [one, two] = [await RawClient.ready(cluster.port), await RawClient.ready(cluster.port)];
    one.send(parse("s", "select 'one'"), serialize.sync());
    two.send(parse("s", "select 'two'"), serialize.sync());
    await Promise.all([one.until("Z"), two.until("Z")]);
    for (let round = 0; round < 5; round++) {
      for (const client of [one, two]) {
        client.frames.length = 0;
        client.send(bind("", "s"), execute(), serialize.sync());
      }
      expect(await one.until("Z")).toContain("D one");
      expect(await two.until("Z")).toContain("D two");
    }
    one.end();
    two.end();
  });

  test("a portal is fetched bit by bit within a transaction", async () => {
    const client = await RawClient.ready(cluster.port);
    await client.query("begin");
    client.frames.length = 0;
    client.send(parse("", "select generate_series(1, 3)"), bind("p", ""), execute("p", 2), serialize.sync());
    client.send(execute("p", 2), serialize.sync());
    expect(await client.until("Z", 2)).toEqual(["1", "2", "D 1", "D 2", "s", "Z T", "D 3", "C SELECT 1", "Z T"]);
    client.end();
  });

  test("Flush gives the answers so far, and the transaction goes on until Sync", async () => {
    const client = await RawClient.ready(cluster.port);
    await client.query("create table flushed (a int)");
    client.frames.length = 0;
    client.send(parse("", "insert into flushed values (1)"), bind("", ""), execute(), serialize.flush());
    expect(await client.until("C")).toEqual(["1", "2", "C INSERT 0 1"]);
    const other = await RawClient.ready(cluster.port);
    expect(await other.query("select count(*) from flushed")).toContain("D 0");
    client.send(serialize.sync());
    expect(await client.until("Z")).toContain("Z I");
    expect(await other.query("select count(*) from flushed")).toContain("D 1");
    await client.query("drop table flushed");
    client.end();
    other.end();
  });

  test("Describe tells parameters and columns, Execute of an unknown portal is an error", async () => {
    const client = await RawClient.ready(cluster.port);
    client.send(parse("d", "select $1::int"), serialize.describe({ type: "S", name: "d" }), serialize.sync());
    client.send(execute("nothing"), serialize.sync());
    client.send(parse("", ""), bind("", ""), execute(), serialize.sync());
    expect(await client.until("Z", 3)).toEqual([
      ...["1", "t", "T", "Z I"],
      ...['E ERROR 34000 portal "nothing" does not exist', "Z I"],
      ...["1", "2", "I", "Z I"],
    ]);
    client.end();
  });

  test("a wrong number of parameters is an error of the protocol", async () => {
    const client = await RawClient.ready(cluster.port);
    client.send(parse("", "select $1::int"), bind("", "", []), execute(), serialize.sync());
    expect(await client.until("Z")).toEqual([
      "1",
      'E ERROR 08P01 bind message supplies 0 parameters, but prepared statement "" requires 1',
      "Z I",
    ]);
    client.end();
  });
});

describe("cancel", () => {
  test("a cancel request ends the statement of its session and no other", async () => {
    const [one, two] = [await RawClient.open(cluster.port), await RawClient.ready(cluster.port)];
    one.start({ user: "postgres", database: "postgres" });
    await one.until("Z");
    const key = one.frames.find(({ type }) => type === "K".charCodeAt(0))!.bytes;
    one.frames.length = 0;
    one.send(serialize.query("select pg_sleep(20)"));
    two.send(serialize.query("select pg_sleep(1)"));
    const request = Buffer.concat([Buffer.from([0, 0, 0, 16, 4, 0xd2, 0x16, 0x2e]), key.subarray(5)]);
    const wrong = Buffer.from(request);
    wrong[15]! ^= 1;
    for (const bytes of [wrong, request]) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(one.frames.map(({ type }) => String.fromCharCode(type))).not.toContain("Z");
      const canceller = await RawClient.open(cluster.port);
      canceller.socket.write(bytes);
      await canceller.closed();
    }
    expect(await one.until("Z")).toEqual(["T", "E ERROR 57014 canceling statement due to user request", "Z I"]);
    expect(await two.until("Z")).toContain("C SELECT 1");
    one.end();
    two.end();
  });
});

describe("bad input", () => {
  test.each([
    ["an unknown message type", Buffer.from([0x01, 0, 0, 0, 4]), "E FATAL 08P01 invalid frontend message type 1"],
    ["a length below four", Buffer.from([0x51, 0, 0, 0, 3]), "E FATAL 08P01 invalid message length"],
    ["a length above the limit", Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff]), "E FATAL 08P01 invalid message length"],
    ["garbage", Buffer.from("\xff\xfe\xfd\xfc\xfb\xfa", "latin1"), "E FATAL 08P01 invalid message length"],
  ])("%s ends the session with an error", async (_name, bytes, expected) => {
    const client = await RawClient.ready(cluster.port);
    client.send(bytes);
    expect((await client.closed()).at(-1)).toBe(expected);
  });

  test.each([
    ["Parse", "P", "x\0select 1\0\0\x05"],
    ["Bind", "B", "\0\0\0\0\0\x01\0\0\0\x09abc"],
    ["Describe", "D", "Qx\0"],
    ["Execute", "E", "p\0\0"],
    ["Query without a terminator", "Q", "select 1"],
  ])("a malformed %s is an error, and the session goes on", async (_name, type, body) => {
    const client = await RawClient.ready(cluster.port);
    const bytes = Buffer.from(`${type}\0\0\0\0${body}`, "latin1");
    bytes.writeInt32BE(bytes.length - 1, 1);
    client.send(bytes);
    if (type !== "Q") client.send(serialize.sync());
    const lines = await client.until("Z");
    expect(lines.at(-2)).toMatch(/^E ERROR 08P01/);
    expect(await client.query("select 1")).toContain("D 1");
    client.end();
  });

  test("messages of a COPY that is none are passed over; a function call is refused", async () => {
    const client = await RawClient.ready(cluster.port);
    client.send(serialize.copyData(Buffer.from("x")), serialize.copyDone(), serialize.copyFail("no"));
    expect(await client.query("select 1")).toEqual(["T", "D 1", "C SELECT 1", "Z I"]);
    client.frames.length = 0;
    client.send(Buffer.from([0x46, 0, 0, 0, 4]));
    expect((await client.until("Z"))[0]).toMatch(/^E ERROR 0A000 the function call protocol/);
    client.end();
  });

  test("a client that vanishes in the middle of a result leaves no connection behind", async () => {
    const admin = await shardClient();
    for (let i = 0; i < 10; i++) {
      const client = await RawClient.ready(cluster.port);
      client.send(serialize.query("select repeat('x', 1000) from generate_series(1, 1000000)"));
      await client.until("T");
      client.end();
    }
    for (let i = 0; i < 10; i++) {
      const client = await RawClient.ready(cluster.port);
      client.send(serialize.query("begin; create temp table t (a int); select pg_sleep(100)"));
      await client.until("C");
      client.end();
    }
    await eventually(async () => {
      const { rows } = await admin.query(
        "select count(*)::int as n from pg_stat_activity where backend_type = 'client backend' and state <> 'idle' and pid <> pg_backend_pid()",
      );
      return rows[0].n === 0;
    });
    await admin.end();
  });

  test("a client that never reads does not hold up the others", async () => {
    const deaf = await RawClient.ready(cluster.port);
    deaf.pause();
    deaf.send(serialize.query("select repeat('x', 100000) from generate_series(1, 2000)"));
    const other = await RawClient.ready(cluster.port);
    for (let i = 0; i < 50; i++) expect(await other.query("select 1")).toContain("D 1");
    deaf.resume();
    expect((await deaf.until("Z")).at(-2)).toBe("C SELECT 2000");
    deaf.end();
    other.end();
  });

  test("random bytes after the startup never harm another session", async () => {
    const other = await RawClient.ready(cluster.port);
    let seed = 12345;
    const random = () => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      return seed / 0x7fffffff;
    };
    const types = "QPBDECHSXdcfp";
    for (let i = 0; i < 60; i++) {
      const client = await RawClient.ready(cluster.port);
      for (let j = 0; j < 20; j++) {
        const body = Buffer.from(Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256)));
        const message = Buffer.alloc(5 + body.length);
        message[0] = types.charCodeAt(Math.floor(random() * types.length));
        message.writeInt32BE(4 + body.length, 1);
        body.copy(message, 5);
        client.send(message);
      }
      client.send(Buffer.from([0x58, 0, 0, 0, 4]));
      await client.closed();
    }
    expect(await other.query("select 1")).toContain("D 1");
    other.end();
  });
});

async function shardClient(): Promise<pg.Client> {
  const address = await cluster.shardAddress("s1");
  const client = new pg.Client({
    ...address,
    user: "shardgres",
    password: cluster.adminPassword,
    database: "postgres",
  });
  await client.connect();
  return client;
}

function startup(major: number, minor: number, words: readonly string[]): Buffer {
  const body = Buffer.from(`${words.join("\0")}\0\0`);
  const packet = Buffer.alloc(8 + body.length);
  packet.writeInt32BE(packet.length, 0);
  packet.writeInt32BE((major << 16) | minor, 4);
  body.copy(packet, 8);
  return packet;
}
