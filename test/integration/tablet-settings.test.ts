// Settings of a tablet's PostgreSQL, how it is reached from other machines, and its slots for logical replication.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, test, vi } from "vitest";
import { issue } from "../../src/certificates/issue.ts";
import { makeAuthority } from "../../src/certificates/make-authority.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { postgresPrograms } from "../support/postgres-programs.ts";
import { describeWith } from "../support/requirement.ts";
import { firstPrimary, type TestTablet, tabletsOf } from "../support/tablets.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { becomeUnprivileged } from "../support/unprivileged.ts";

becomeUnprivileged();
vi.setConfig({ testTimeout: 120_000 });
const never = new AbortController().signal;

/** As they are to begin with. */
const few = { shared_buffers: "16MB" };

async function primary(): Promise<TestTablet> {
  const tablet = await tabletsOf(postgresPrograms(18));
  const made = await tablet("s1-0");
  await firstPrimary(made);
  return made;
}

describe("the cluster's settings", () => {
  test("count at once, or from the next start on, and it is known which", async () => {
    const a = await primary();
    const chosen = { ...few, work_mem: "5MB", max_connections: "200", "my.own": "it's \\ mine" };
    expect(await a.setSettings(chosen)).toEqual({ needsRestart: ["max_connections"] });
    expect(await a.ask("SHOW work_mem")).toBe("5MB");
    expect(await a.ask("SHOW max_connections")).toBe("300");
    expect(await a.ask(`SELECT current_setting('my.own')`)).toBe("it's \\ mine");
    expect((await a.look()).pendingRestart).toBe(true);
    await a.stop("fast");
    await a.start({ kind: "primary", synchronous: undefined });
    expect(await a.ask("SHOW max_connections")).toBe("200");
    expect((await a.look()).pendingRestart).toBe(false);
    // What is not chosen any more is as before.
    expect(await a.setSettings(few)).toEqual({ needsRestart: ["max_connections"] });
    expect(await a.ask("SHOW work_mem")).toBe("4MB");
  });

  test("are refused as PostgreSQL refuses them, before anything is changed", async () => {
    const a = await primary();
    await a.setSettings({ work_mem: "5MB" });
    const refused: [Record<string, string>, string, string][] = [
      [
        { work_mem: "6MB", max_connections: "many" },
        "invalid-setting",
        'invalid value for parameter "max_connections": "many"',
      ],
      [{ work_memory: "5MB" }, "invalid-setting", 'unrecognized configuration parameter "work_memory"'],
      [{ shared_buffers: "1kB" }, "invalid-setting", "outside the valid range"],
      [{ "a b": "c" }, "invalid-setting", '"a b" cannot be the name of a setting'],
      [{ Synchronous_Standby_Names: "" }, "reserved-setting", "the setting Synchronous_Standby_Names cannot be chosen"],
    ];
    for (const [settings, code, message] of refused) {
      await expect(a.setSettings(settings)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    }
    expect(await a.ask("SHOW work_mem")).toBe("5MB");
    await a.stop("fast");
    await expect(a.setSettings({ work_mem: "lots" })).rejects.toMatchObject({ code: "invalid-setting" });
    expect(await a.setSettings({ work_mem: "7MB" })).toEqual({ needsRestart: [] });
    await a.start({ kind: "primary", synchronous: undefined });
    expect(await a.ask("SHOW work_mem")).toBe("7MB");
  });

  test("are overridden by ALTER SYSTEM, but for what the agent decides", async () => {
    const a = await primary();
    await a.ask("ALTER SYSTEM SET work_mem = '9MB'");
    await a.ask("ALTER SYSTEM SET synchronous_standby_names = 'somebody'");
    await a.ask("ALTER SYSTEM SET default_transaction_read_only = on");
    expect(await a.setSettings({ ...few, work_mem: "5MB" })).toEqual({ needsRestart: [] });
    expect(await a.ask("SHOW work_mem")).toBe("9MB");
    expect(await a.ask("SHOW synchronous_standby_names")).toBe("");
    expect(await a.ask("SHOW default_transaction_read_only")).toBe("off");
  });
});

test("tablets speak to each other by TLS, with whom their authority has signed, or not at all", async () => {
  const tablet = await tabletsOf(postgresPrograms(18));
  const directory = await temporaryDirectory();
  const file = async (name: string, text: string) => {
    await writeFile(join(directory, name), text, { mode: 0o600 });
    return join(directory, name);
  };
  const lifetime = { days: 1, now: new Date() };
  const authority = makeAuthority({ name: "test", ...lifetime });
  const own = issue(authority, { name: "s1", names: ["s1"], addresses: [], purposes: ["server"] }, lifetime);
  const tls = {
    certificateFile: await file("certificate", own.certificate),
    keyFile: await file("key", own.key),
    authorityFile: await file("authority", authority.certificate),
  };
  const listen = async () => ({ host: "127.0.0.1", port: await freePort() });
  const [a, b] = [await tablet("s1-0", { listen: await listen(), tls }), await tablet("s1-1", { tls })];
  await firstPrimary(a);
  const upstream = { tablet: "s1-0", term: 1, address: { host: "127.0.0.1", port: a.address.port } };
  await b.clone(upstream, () => {}, never);
  await b.start({ kind: "standby", upstream });
  await b.see((seen) => seen.receiver?.status === "streaming");
  expect(await a.ask("SELECT count(*)::int FROM pg_stat_replication JOIN pg_stat_ssl USING (pid) WHERE ssl")).toBe(1);

  const plain = await tablet("s1-2", { listen: await listen() });
  await firstPrimary(plain);
  const elsewhere = { tablet: "s1-2", term: 1, address: { host: "127.0.0.1", port: plain.address.port } };
  await b.stop("fast");
  await b.remove();
  await expect(b.clone(elsewhere, () => {}, never)).rejects.toMatchObject({ code: "no-tls" });
  const stranger = makeAuthority({ name: "another", ...lifetime });
  const suspicious = await tablet("s1-3", {
    tls: { ...tls, authorityFile: await file("other", stranger.certificate) },
  });
  await expect(suspicious.clone(upstream, () => {}, never)).rejects.toMatchObject({
    code: "SELF_SIGNED_CERT_IN_CHAIN",
  });
});

test("tablets on other machines come by TCP, with a password", async () => {
  const tablet = await tabletsOf(postgresPrograms(18), { authentication: "trust" });
  const [a, b] = await Promise.all(
    ["s1-0", "s1-1"].map(async (name) => tablet(name, { listen: { host: "127.0.0.1", port: await freePort() } })),
  );
  await firstPrimary(a!);
  const upstream = { tablet: "s1-0", term: 1, address: { host: "127.0.0.1", port: a!.address.port } };
  await b!.clone(upstream, () => {}, never);
  await b!.start({ kind: "standby", upstream });
  await b!.see((seen) => seen.receiver?.status === "streaming");
  expect(await a!.ask("SELECT client_addr::text FROM pg_stat_replication")).toBe("127.0.0.1/32");
  const stranger = new pg.Client({ ...upstream.address, user: "shardgres", database: "postgres", password: "guess" });
  await expect(stranger.connect()).rejects.toMatchObject({ code: "28P01" });
  // By the socket they are trusted here.
  const local = new pg.Client({ ...a!.address, user: "postgres", database: "postgres" });
  await local.connect();
  await local.end();
});

/** What a subscriber gets: rows of `written`, in the order of their commits. */
async function changes(tablet: TestTablet): Promise<string[]> {
  const client = await tablet.connect();
  const { rows } = await client.query("SELECT data FROM pg_logical_slot_get_changes('subscription', NULL, NULL)");
  return rows.map((row) => row.data).filter((data: string) => data.startsWith("table"));
}

const inserted = (n: number) => `table public.written: INSERT: n[integer]:${n}`;

function logicalReplication(major: 17 | 18): void {
  test("a subscriber goes on after two failovers, where it was", async () => {
    const tablet = await tabletsOf(postgresPrograms(major));
    const [a, b] = [await tablet("s1-0"), await tablet("s1-1")];
    await firstPrimary(a);
    await a.ask("CREATE TABLE written (n int)");
    await b.standBy(a, 1);
    await a.setSynchronousStandbys({ acknowledgements: 1, names: ["s1-1_1"] });
    expect(await a.ask("SHOW synchronized_standby_slots")).toBe("sg_s1_1");
    await a.ask("SELECT pg_create_logical_replication_slot('subscription', 'test_decoding', false, false, true)");
    await a.ask("INSERT INTO written VALUES (1)");
    expect(await changes(a)).toEqual([inserted(1)]);
    // It is kept for good on the standby once the standby has all that it needs.
    const isKept =
      "SELECT count(*)::int FROM pg_replication_slots WHERE slot_name = 'subscription' AND synced AND NOT temporary";
    const keeping = async (on: TestTablet, primary: TestTablet) => {
      await eventually(async () => {
        await primary.ask("SELECT pg_log_standby_snapshot()");
        await changes(primary);
        return (await on.ask(isKept)) === 1;
      });
    };
    await keeping(b, a);
    await a.ask("INSERT INTO written VALUES (2)");

    await a.stop("fast");
    await b.follow(undefined);
    await b.see((seen) => seen.isAtEnd);
    await b.begin(2, undefined);
    await b.ask("INSERT INTO written VALUES (3)");
    expect(await changes(b)).toEqual([inserted(2), inserted(3)]);

    // The old primary's own slot of that name has to go before the new one's can come.
    await b.keepSlots([{ name: "s1-0", flushedLsn: undefined }]);
    await a.start({ kind: "standby", upstream: b.upstream(2) });
    await a.catchUp(b);
    await a.keepSlots([{ name: "s1-1", flushedLsn: undefined }]);
    await keeping(a, b);
    await b.ask("INSERT INTO written VALUES (4)");
    await b.stop("fast");
    await a.follow(undefined);
    await a.see((seen) => seen.isAtEnd);
    await a.begin(3, undefined);
    expect(await changes(a)).toEqual([inserted(4)]);
  });
}

describe("a logical slot, PostgreSQL 18", () => logicalReplication(18));
describeWith(["PostgreSQL 17"], "a logical slot, PostgreSQL 17", () => logicalReplication(17));
