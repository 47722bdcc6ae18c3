// Standbys made of a real PostgreSQL over the replication protocol, while it is written to.
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { dirname, join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { BackupProgress } from "../../tablet-agent/postgres/base-backup.ts";
import { type Clone, cloneStandby } from "../../tablet-agent/postgres/clone.ts";
import type { StandbySource } from "../../tablet-agent/postgres/standby.ts";
import { eventually } from "../support/eventually.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const password = "it's a:secret\\";
let server: PostgresServer;
let client: pg.Client;
let major: number;

beforeAll(async () => {
  // Without full pages in the WAL, a standby cannot be a source itself.
  server = await startPostgres({ settings: { full_page_writes: "on" } });
  await withScram(server.dataDirectory);
  client = await connected(server);
  await client.query("SELECT pg_reload_conf()");
  await client.query(`CREATE ROLE replicator REPLICATION LOGIN PASSWORD '${password.replaceAll("'", "''")}'`);
  await client.query(
    "CREATE TABLE filled AS SELECT n, repeat(md5(n::text), 8) AS filler FROM generate_series(1, 60000) n",
  );
  await client.query("CREATE TABLE written (n bigint PRIMARY KEY)");
  major = Math.floor(Number((await client.query("SHOW server_version_num")).rows[0].server_version_num) / 10_000);
});

afterAll(async () => {
  await client?.end();
  await server?.stop();
});

async function connected(to: PostgresServer): Promise<pg.Client> {
  const opened = new pg.Client({ connectionString: to.connectionString });
  opened.on("error", () => {});
  await opened.connect();
  return opened;
}

/** Role `replicator` has to give its password; the first line that fits counts. */
async function withScram(dataDirectory: string): Promise<void> {
  const path = join(dataDirectory, "pg_hba.conf");
  const rest = await readFile(path, "utf8");
  const lines = ["host replication replicator 127.0.0.1/32 scram-sha-256", "local replication replicator reject"];
  await writeFile(path, `${lines.join("\n")}\n${rest}`);
}

function sourceOf(slot: string, passwordFile: string): StandbySource {
  const { host, port } = server;
  return { address: { host, port }, user: "replicator", password, slot, applicationName: slot, passwordFile };
}

interface Attempt {
  readonly source: StandbySource;
  readonly dataDirectory: string;
  readonly onProgress?: (progress: BackupProgress) => void;
  readonly signal?: AbortSignal;
  readonly fsync?: boolean;
}

function clone({ source, dataDirectory, onProgress, signal, fsync }: Attempt): Promise<Clone> {
  return cloneStandby({
    source,
    postgresMajor: major,
    dataDirectory,
    fsync: fsync ?? false,
    onProgress: onProgress ?? (() => {}),
    signal: signal ?? new AbortController().signal,
  });
}

/** Writes row after row until it is stopped; gives the number of the last. */
function keepWriting(): { stop(): Promise<number> } {
  let isStopping = false;
  const run = async () => {
    const writer = await connected(server);
    let last = Number((await writer.query("SELECT coalesce(max(n), 0) AS n FROM written")).rows[0].n);
    while (!isStopping) {
      await writer.query("INSERT INTO written SELECT generate_series($1::bigint, $1::bigint + 9)", [last + 1]);
      last += 10;
    }
    await writer.end();
    return last;
  };
  const running = run();
  return {
    async stop() {
      isStopping = true;
      return running;
    },
  };
}

async function slots(): Promise<string[]> {
  const { rows } = await client.query("SELECT slot_name FROM pg_replication_slots ORDER BY 1");
  return rows.map((row) => row.slot_name);
}

test("a clone of a PostgreSQL that is written to becomes a standby that has every row", {
  timeout: 120_000,
}, async () => {
  const writing = keepWriting();
  const progress: BackupProgress[] = [];
  let made: Clone | undefined;
  const standby = await startPostgres({
    makeData: async (dataDirectory) => {
      const source = sourceOf("standby_1", join(dirname(dataDirectory), "replication-password"));
      made = await clone({ source, dataDirectory, fsync: true, onProgress: (step) => progress.push(step) });
      expect(await readdir(dirname(dataDirectory))).toEqual(["data", "replication-password"]);
      await expectManifestHolds(dataDirectory);
    },
  });
  onTestFinished(() => standby.stop());
  const last = await writing.stop();
  expect(last).toBeGreaterThan(0);

  const { rows: system } = await client.query("SELECT system_identifier::text AS id FROM pg_control_system()");
  expect(made).toMatchObject({ timeline: 1, systemIdentifier: system[0].id });
  const { rows: order } = await client.query(
    "SELECT $1::pg_lsn < $2::pg_lsn AND $2::pg_lsn <= pg_current_wal_lsn() AS yes",
    [made!.startLsn, made!.endLsn],
  );
  expect(order[0].yes).toBe(true);

  expect(progress.length).toBeGreaterThan(10);
  for (const [i, { bytesDone, bytesTotal }] of progress.entries()) {
    expect(bytesDone).toBeGreaterThanOrEqual(progress[i - 1]?.bytesDone ?? 0);
    expect(bytesTotal).toBeGreaterThanOrEqual(bytesDone);
  }
  expect(progress[0]).toMatchObject({ bytesDone: 0 });
  expect(progress.at(-1)!.bytesDone).toBe(progress.at(-1)!.bytesTotal);

  const reader = await connected(standby);
  onTestFinished(() => reader.end());
  const ask = async (asked: pg.Client) =>
    (
      await asked.query(
        "SELECT (SELECT count(*) || '/' || max(n) FROM written) AS written, (SELECT md5(string_agg(filler, '' ORDER BY n)) FROM filled) AS filled",
      )
    ).rows[0];
  const there = await ask(client);
  expect(there.written).toBe(`${last}/${last}`);
  await eventually(async () => (await reader.query("SELECT max(n) = $1 AS done FROM written", [last])).rows[0].done);
  expect(await ask(reader)).toEqual(there);
  expect((await reader.query("SELECT pg_is_in_recovery() AS yes")).rows[0].yes).toBe(true);

  await eventually(async () => {
    const { rows: senders } = await client.query("SELECT application_name, state FROM pg_stat_replication");
    return senders.length === 1 && senders[0].application_name === "standby_1" && senders[0].state === "streaming";
  });
  const { rows: conninfo } = await reader.query("SHOW primary_conninfo");
  expect(conninfo[0].primary_conninfo).not.toContain("secret");

  const directory = await temporaryDirectory();
  const second = { ...sourceOf("standby_of_standby", join(directory, "password")), address: standby };
  const dataDirectory = join(directory, "data");
  expect(await clone({ source: second, dataDirectory })).toMatchObject({
    timeline: 1,
    systemIdentifier: system[0].id,
  });
  const configuration = await readFile(join(dataDirectory, "postgresql.auto.conf"), "utf8");
  expect(configuration.match(/primary_slot_name = .*/g)).toEqual([
    "primary_slot_name = 'standby_1'",
    "primary_slot_name = 'standby_of_standby'",
  ]);
});

/** Sizes only, as PostgreSQL's checksums of files are of a kind that Node does not have. */
async function expectManifestHolds(dataDirectory: string): Promise<void> {
  const manifest = JSON.parse(await readFile(join(dataDirectory, "backup_manifest"), "utf8"));
  expect(manifest.Files.length).toBeGreaterThan(500);
  const changed = new Set(["postgresql.auto.conf"]);
  for (const { Path: path, Size: size } of manifest.Files) {
    if (!changed.has(path)) expect((await stat(join(dataDirectory, path))).size, path).toBe(size);
  }
}

test("a clone that is aborted leaves nothing behind, and the next one takes its slot", async () => {
  const directory = await temporaryDirectory();
  const dataDirectory = join(directory, "data");
  await mkdir(dataDirectory);
  const source = sourceOf("standby_2", join(directory, "replication-password"));
  const abort = new AbortController();
  const aborted = clone({
    source,
    dataDirectory,
    signal: abort.signal,
    onProgress: ({ bytesDone }) => {
      if (bytesDone > 4 * 1024 * 1024) abort.abort(new Error("not any more"));
    },
  });
  await expect(aborted).rejects.toThrow("not any more");
  expect(await readdir(directory)).toEqual(["data"]);
  expect(await readdir(dataDirectory)).toEqual([]);
  expect(await slots()).toContain("standby_2");
  await eventually(async () => (await client.query("SELECT FROM pg_stat_progress_basebackup")).rows.length === 0);

  await clone({ source, dataDirectory });
  expect(await readFile(join(dataDirectory, "PG_VERSION"), "utf8")).toBe(`${major}\n`);
  expect(await readFile(join(dataDirectory, "standby.signal"), "utf8")).toBe("");
  expect((await stat(dataDirectory)).mode & 0o777).toBe(0o700);
  await client.query("SELECT pg_drop_replication_slot('standby_2')");
});

test("a slot that keeps no WAL is made anew", async () => {
  const directory = await temporaryDirectory();
  await client.query("SELECT pg_create_physical_replication_slot('standby_0')");
  const source = sourceOf("standby_0", join(directory, "password"));
  const { startLsn } = await clone({ source, dataDirectory: join(directory, "data") });
  const { rows } = await client.query(
    "SELECT restart_lsn <= $1::pg_lsn AS yes FROM pg_replication_slots WHERE slot_name = 'standby_0'",
    [startLsn],
  );
  expect(rows).toEqual([{ yes: true }]);
  await client.query("SELECT pg_drop_replication_slot('standby_0')");
});

test("a source that is lost in the middle is an error", async () => {
  const directory = await temporaryDirectory();
  const through = await cutAfter(3 * 1024 * 1024);
  const source = { ...sourceOf("standby_3", join(directory, "password")), address: through };
  await expect(clone({ source, dataDirectory: join(directory, "data") })).rejects.toMatchObject({
    code: "server-connection-lost",
  });
  expect(await readdir(directory)).toEqual([]);
  await client.query("SELECT pg_drop_replication_slot('standby_3')");
});

/** A way to the server that ends when so many bytes have come back. */
async function cutAfter(bytes: number): Promise<{ host: string; port: number }> {
  const sockets: Socket[] = [];
  const proxy = createServer((near) => {
    const far = connect(server.port, server.host);
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on("error", () => {});
    let left = bytes;
    near.pipe(far);
    far.on("data", (chunk) => {
      left -= chunk.length;
      if (left > 0) near.write(chunk);
      else for (const socket of [near, far]) socket.end();
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const address = proxy.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return { host: "127.0.0.1", port: address.port };
}

test("what cannot be cloned is refused before anything is copied", async () => {
  const directory = await temporaryDirectory();
  const dataDirectory = join(directory, "data");
  const source = sourceOf("standby_4", join(directory, "password"));
  const attempt = (changes: Partial<StandbySource>) => clone({ source: { ...source, ...changes }, dataDirectory });

  await expect(attempt({ password: "wrong" })).rejects.toMatchObject({ fields: { code: "28P01" } });
  await expect(attempt({ password: undefined })).rejects.toMatchObject({ fields: { code: "28000" } });
  await expect(attempt({ slot: "not-a-slot" })).rejects.toMatchObject({ code: "invalid-slot-name" });
  await expect(attempt({ address: { host: "127.0.0.1", port: 1 } })).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await expect(clone({ source, dataDirectory, signal: AbortSignal.abort(new Error("too late")) })).rejects.toThrow(
    "too late",
  );
  const nextVersion = cloneStandby({
    ...{ source, dataDirectory, postgresMajor: major + 1, fsync: false, onProgress: () => {} },
    signal: new AbortController().signal,
  });
  await expect(nextVersion).rejects.toMatchObject({ code: "wrong-version" });
  expect(await slots()).not.toContain("standby_4");

  await mkdir(dataDirectory);
  await writeFile(join(dataDirectory, "precious"), "");
  await expect(attempt({})).rejects.toMatchObject({ code: "not-empty" });
  expect(await readdir(directory, { recursive: true })).toEqual(["data", "data/precious"]);
});

test("a source with tablespaces is refused, with their places", async () => {
  const directory = await temporaryDirectory();
  const place = join(server.socketDirectory, "elsewhere");
  await client.query(`COPY (SELECT) TO PROGRAM 'mkdir ${place}'`);
  await client.query(`CREATE TABLESPACE elsewhere LOCATION '${place}'`);
  try {
    const source = sourceOf("standby_5", join(directory, "password"));
    await expect(clone({ source, dataDirectory: join(directory, "data") })).rejects.toMatchObject({
      code: "has-tablespaces",
      message: expect.stringContaining(place),
    });
    expect(await readdir(directory)).toEqual([]);
  } finally {
    await client.query("DROP TABLESPACE elsewhere");
    await client.query("SELECT pg_drop_replication_slot('standby_5')");
  }
});
