// What the gateway keeps in memory: little for a session that does nothing, and never a whole result or a whole COPY,
// however slowly the other side takes it. Resident memory of a real gateway, as the kernel counts it, so on Linux only.
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { serialize } from "pg-protocol";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { commandLine, residentBytes } from "../../bench/cpu-time.ts";
import { delay } from "../../src/base/delay.ts";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { eventually } from "../support/eventually.ts";
import { RawClient } from "../support/raw-client.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

const perSessionMax = 20 * KiB;
/** V8 may give its young generation another step while sessions begin: once, and not for each of them. */
const heapStepMax = 16 * MiB;
const aboveBaseMax = 64 * MiB;
const pieceBytes = 64 * KiB;
const sampleMs = 50;
/** How long a slow client is watched. A gateway that did not wait for it would hold hundreds of MiB by then. */
const slowMs = 5_000;

if (process.platform === "linux") {
  describe("memory of the gateway", memoryOfTheGateway);
} else if (process.env.SHARDGRES_REQUIRE_ALL === "1") {
  test("memory of the gateway can be measured", () => {
    throw new Error("it needs /proc of Linux, and SHARDGRES_REQUIRE_ALL=1 lets nothing be left out");
  });
} else {
  console.log("left out: memory of the gateway needs /proc of Linux");
  test.runIf(false)("memory of the gateway", () => {});
}

function memoryOfTheGateway(): void {
  let cluster: TestCluster;
  let gateway: number;

  beforeAll(async () => {
    cluster = await startCluster({ shards: 2 });
    const client = await RawClient.ready(cluster.port);
    await expectDone(client, "create table dist (k int primary key, v text)");
    await expectDone(client, "select create_distributed_table('dist', 'k')");
    await expectDone(client, "insert into dist select k from generate_series(1, 1000) k");
    // On the shards: not a byte of it goes through the gateway.
    await expectDone(client, "update dist set v = repeat('x', 200000)");
    await expectDone(client, "create table loaded (k int, v text)");
    await expectDone(client, "select create_distributed_table('loaded', 'k')");
    client.end();
  });
  afterAll(() => cluster?.stop());
  // What an earlier test has left unused in the heap would hide what this one takes.
  beforeEach(async () => {
    gateway = await startAgain(cluster);
  });

  /**
   * Whatever is compiled, opened and remembered once is there before anything is measured. With many statements V8 has
   * also given its young generation the size that it stays at, which is not to be counted as the sessions'.
   */
  async function warmUp(sessions: number, statements: number): Promise<void> {
    const clients = await openSessions(cluster.port, sessions);
    for (const client of clients) {
      await client.query("select count(*) from dist where k < 10");
      for (let k = 1; k < statements; k++) await client.query(`select k from dist where k = ${k}`);
    }
    for (const client of clients) client.end();
  }

  test("results of up to 1 GB wait for clients that read slowly, and end with them", async () => {
    await warmUp(50, 1);
    const results = [
      "select repeat('x', 1000) from generate_series(1, 1000000)",
      "select d.k, repeat('x', 1000) from dist d, generate_series(1, 1000) g",
      "select d.k, repeat('x', 1000) from dist d, generate_series(1, 1000) g order by d.k",
      "copy dist to stdout",
      "copy (select d.k, repeat('x', 1000) from dist d, generate_series(1, 1000) g) to stdout",
    ];
    const clients = await openSessions(cluster.port, results.length);
    // All at once, so even together they stay below what each may take.
    const peak = await peakAboveBase(gateway, () =>
      Promise.all(clients.map((client, i) => readSlowly(client, results[i]!))),
    );
    for (const client of clients) client.end();
    expect(peak).toBeLessThan(aboveBaseMax);
    // What they had asked for does not go on without them.
    const other = await RawClient.ready(cluster.port);
    const running = "select count(*) from pg_stat_activity where state = 'active' and pid <> pg_backend_pid()";
    await eventually(async () => (await other.query(running)).includes("D 0"));
    other.end();
  });

  test("a million rows come in by COPY, in messages of 64 KiB", async () => {
    await warmUp(50, 1);
    const client = await RawClient.ready(cluster.port);
    const peak = await peakAboveBase(gateway, () => copyIn(client, "loaded", piecesOfRows(1_000_000, 100)));
    expect(peak).toBeLessThan(aboveBaseMax);
    expect(await client.query("select count(*), count(distinct k) from loaded")).toContain("D 1000000|1000000");
    client.end();
  });

  test("200,000 rows come in by COPY, each a message of its own", async () => {
    await warmUp(50, 1);
    const client = await RawClient.ready(cluster.port);
    await expectDone(client, "truncate loaded");
    const peak = await peakAboveBase(gateway, () => copyIn(client, "loaded", messagePerRow(200_000, 500)));
    expect(peak).toBeLessThan(aboveBaseMax);
    expect(await client.query("select count(*), count(distinct k) from loaded")).toContain("D 200000|200000");
    client.end();
  });

  test("1,000 and 10,000 idle sessions take less than 20 KiB each, are served, and make room when they go", async () => {
    const count = 10_000;
    expectOpenFiles(count);
    await warmUp(100, 40);
    const base = await settledBytes(gateway);
    const clients = await openSessions(cluster.port, 1_000);
    try {
      expect((await settledBytes(gateway)) - base).toBeLessThan(1_000 * perSessionMax + heapStepMax);
      clients.push(...(await openSessions(cluster.port, count - 1_000)));
      expect((await settledBytes(gateway)) - base).toBeLessThan(count * perSessionMax);
      const begun = performance.now();
      const other = await RawClient.ready(cluster.port);
      expect(await other.query("select 1")).toContain("D 1");
      expect(await clients[count - 1]!.query("select count(*) from dist")).toContain("D 1000");
      expect(performance.now() - begun).toBeLessThan(2_000);
      other.end();
      expectAllOpen(clients);
    } finally {
      for (const client of clients) client.end();
    }
    await eventually(() => readdirSync(`/proc/${gateway}/fd`).length < 1_000);
    const next = await RawClient.ready(cluster.port);
    expect(await next.query("select count(*) from dist")).toContain("D 1000");
    next.end();
  });
}

/** The gateway of this cluster among all processes; undefined while there is none. */
function gatewayOf({ dataDir }: TestCluster): number | undefined {
  const found = readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      const words = commandLine(pid);
      return words.some((word) => word.endsWith("gateway/main.ts")) && words.some((word) => word.startsWith(dataDir));
    });
  return found.length === 1 ? found[0] : undefined;
}

/** Ends the gateway; the launcher starts another at the same port. Resolves with its process id when it serves. */
async function startAgain(cluster: TestCluster): Promise<number> {
  const before = await eventually(() => gatewayOf(cluster));
  process.kill(before, "SIGKILL");
  return eventually(async () => {
    const now = gatewayOf(cluster);
    if (now === undefined || now === before) return false;
    const client = await RawClient.ready(cluster.port);
    const isServing = !client.isClosed;
    client.end();
    return isServing && now;
  });
}

/** Resident memory when it has stopped shrinking: rubbish of what went before is no base to measure from. */
async function settledBytes(pid: number): Promise<number> {
  let least = residentBytes(pid);
  for (let calm = 0; calm < 10; calm++) {
    await delay(100);
    const now = residentBytes(pid);
    if (now < least - MiB) calm = 0;
    least = Math.min(least, now);
  }
  return least;
}

/** The most that resident memory rises above what it is now, while `work` goes on. */
async function peakAboveBase(pid: number, work: () => Promise<unknown>): Promise<number> {
  const base = await settledBytes(pid);
  let peak = base;
  const sampler = setInterval(() => {
    peak = Math.max(peak, residentBytes(pid));
  }, sampleMs);
  try {
    await work();
  } finally {
    clearInterval(sampler);
  }
  return peak - base;
}

async function openSessions(port: number, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  while (clients.length < count) {
    const some = Math.min(50, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: some }, () => RawClient.ready(port)))));
  }
  expectAllOpen(clients);
  return clients;
}

/** A session that is refused is closed. */
function expectAllOpen(clients: readonly RawClient[]): void {
  expect(clients.filter(({ isClosed }) => isClosed)).toHaveLength(0);
}

async function expectDone(client: RawClient, sql: string): Promise<void> {
  const lines = await client.query(sql);
  expect(lines.filter((line) => line.startsWith("E"))).toEqual([]);
}

/** One piece of the answer every few milliseconds; the client is still in the middle of it at the end. */
async function readSlowly(client: RawClient, sql: string): Promise<void> {
  const { socket } = client;
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    client.pause();
  });
  client.send(serialize.query(sql));
  for (const end = performance.now() + slowMs; performance.now() < end; ) {
    client.resume();
    await delay(sampleMs);
    for (const frame of client.frames) expect("EZ").not.toContain(String.fromCharCode(frame.type));
    client.frames.length = 0;
  }
  expect(bytes).toBeGreaterThan(MiB);
}

async function copyIn(client: RawClient, table: string, messages: Iterable<Buffer>): Promise<void> {
  client.frames.length = 0;
  client.send(serialize.query(`copy ${table} from stdin`));
  await client.until("G");
  for (const bytes of messages) if (!client.socket.write(bytes)) await once(client.socket, "drain");
  client.send(serialize.copyDone());
  const lines = await client.until("Z");
  expect(lines.filter((line) => line.startsWith("E"))).toEqual([]);
}

/** Lines of a key and as many bytes of text, in CopyData messages of 64 KiB that end anywhere. */
function* piecesOfRows(count: number, valueBytes: number): Generator<Buffer> {
  const value = "x".repeat(valueBytes);
  let rest = "";
  for (let key = 0; key < count; key++) {
    rest += `${key}\t${value}\n`;
    if (rest.length < pieceBytes) continue;
    yield serialize.copyData(Buffer.from(rest.slice(0, pieceBytes)));
    rest = rest.slice(pieceBytes);
  }
  yield serialize.copyData(Buffer.from(rest));
}

/** The same, a CopyData message for each line; many messages are written together. */
function* messagePerRow(count: number, valueBytes: number): Generator<Buffer> {
  const value = "x".repeat(valueBytes);
  const together = 100;
  for (let first = 0; first < count; first += together) {
    const keys = Array.from({ length: Math.min(together, count - first) }, (_, i) => first + i);
    yield Buffer.concat(keys.map((key) => serialize.copyData(Buffer.from(`${key}\t${value}\n`))));
  }
}

/** Sockets of clients are open files here and in the gateway. Node asks for as many as the system lets it have. */
function expectOpenFiles(count: number): void {
  const max = Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
  const needed = count + 500;
  if (max >= needed || Number.isNaN(max)) return;
  throw new Error(`${needed} open files are needed and ${max} allowed: raise the hard limit (ulimit -Hn ${needed})`);
}
