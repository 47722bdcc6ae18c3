// How a tablet's PostgreSQL is stopped: PostgreSQL's own three ways, each after what it leaves on disk.
import pg from "pg";
import { expect, test, vi } from "vitest";
import { postgresPrograms } from "../support/postgres-programs.ts";
import { firstPrimary, tabletsOf, testPassword } from "../support/tablets.ts";
import { becomeUnprivileged } from "../support/unprivileged.ts";

becomeUnprivileged();
vi.setConfig({ testTimeout: 60_000 });

async function primary() {
  const tablet = await (await tabletsOf(postgresPrograms(18)))("s1-0");
  await firstPrimary(tablet);
  const session = await tablet.connect();
  await session.query("BEGIN");
  await session.query("CREATE TABLE written (n int)");
  return { tablet, session };
}

test("smart: who is there may finish, and nobody else comes in", async () => {
  const { tablet, session } = await primary();
  // The agent's own session must not be waited for.
  await tablet.look();
  const stopping = tablet.stop("smart");
  const another = new pg.Client({ ...tablet.address, user: "shardgres", database: "postgres", password: testPassword });
  await expect(another.connect()).rejects.toMatchObject({ code: "57P03" });
  await session.query("COMMIT");
  expect(tablet.process.kind).toBe("running");
  await session.end();
  await stopping;
  expect(await tablet.dataState()).toMatchObject({ state: "shut-down" });
  await tablet.start({ kind: "primary", synchronous: undefined, hasFollowedNobody: true });
  expect(await tablet.ask("SELECT count(*)::int FROM written")).toBe(0);
});

test("fast, also while a smart stop waits: sessions are ended", async () => {
  const { tablet, session } = await primary();
  const stopping = tablet.stop("smart");
  await tablet.stop("fast");
  await stopping;
  expect(await tablet.dataState()).toMatchObject({ state: "shut-down" });
  await expect(session.query("COMMIT")).rejects.toThrow();
});

test("immediate: as a crash", async () => {
  const { tablet } = await primary();
  await tablet.stop("immediate");
  expect(await tablet.dataState()).toMatchObject({ state: "in-production" });
});
