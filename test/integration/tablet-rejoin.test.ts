// Tablets that come back after a failover: what they lack is still there, what they have too much is undone.
import { rm } from "node:fs/promises";
import { describe, expect, test, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { postgresPrograms, programsWithRewind } from "../support/postgres-programs.ts";
import { describeWith } from "../support/requirement.ts";
import { firstPrimary, type TestTablet, tabletsOf } from "../support/tablets.ts";
import { becomeUnprivileged } from "../support/unprivileged.ts";

becomeUnprivileged();
vi.setConfig({ testTimeout: 120_000 });
const never = new AbortController().signal;

/** A primary of term 1 and its standbys. */
async function shard(pgBin: string, standbys: number): Promise<TestTablet[]> {
  const tablet = await tabletsOf(pgBin);
  const primary = await tablet("s1-0");
  await firstPrimary(primary);
  await primary.ask("CREATE TABLE written (n int)");
  const others: TestTablet[] = [];
  for (let number = 1; number <= standbys; number++) others.push(await tablet(`s1-${number}`));
  for (const other of others) await other.standBy(primary, 1);
  return [primary, ...others];
}

/** Makes `to` the primary of a term, cut off from whom it followed, with all that it has. */
async function failOver(to: TestTablet, term: number): Promise<void> {
  await to.follow(undefined);
  await to.see((seen) => seen.isAtEnd);
  await to.begin(term, undefined);
}

/** Two that parted: the old primary has written more, crashed, and the standby has become primary of term 2. */
async function parted(pgBin: string): Promise<[TestTablet, TestTablet, number]> {
  const [old, promoted] = (await shard(pgBin, 1)) as [TestTablet, TestTablet];
  await promoted.catchUp(old);
  await promoted.follow(undefined);
  await old.ask("INSERT INTO written SELECT generate_series(1, 10000)");
  const { lsn } = await old.look();
  await failOver(promoted, 2);
  await promoted.ask("INSERT INTO written VALUES (-1)");
  return [old, promoted, lsn];
}

async function expectSame(one: TestTablet, other: TestTablet): Promise<void> {
  await one.catchUp(other);
  const sum = "SELECT count(*) || '/' || sum(n) FROM written";
  expect(await one.ask(sum)).toBe(await other.ask(sum));
  expect(await one.ask("SHOW shardgres.terms")).toBe(await other.ask("SHOW shardgres.terms"));
}

describe("a primary that has written what nobody else has", () => {
  test("is told that its history is another, and comes back as a clone", async () => {
    const [old, promoted, lsn] = await parted(postgresPrograms(18));
    expect((await promoted.look()).terms.at(-1)!.lsn).toBeLessThan(lsn);
    await old.stop("immediate");
    await old.start({ kind: "standby", upstream: promoted.upstream(2) });
    const { receiverProblem } = await old.see((seen) => seen.receiverProblem?.kind === "diverged");
    expect(receiverProblem!.message).toContain("forked off current database system timeline 1");
    await old.stop("fast");
    // This PostgreSQL comes without pg_rewind.
    expect(await old.rewind(promoted.upstream(2), never)).toBe("not-possible");
    await old.remove();
    expect(await old.hasData()).toBe(false);
    await old.standBy(promoted, 2);
    await expectSame(old, promoted);
    expect((await old.look()).receiverProblem).toBeUndefined();
  });

  describeWith(["pg_rewind"], "with pg_rewind", () => {
    test("is rewound, and goes on as a standby", async () => {
      const pgBin = programsWithRewind()!;
      const [old, promoted] = await parted(pgBin);
      // Crashed: its last writes have to be recovered before they can be undone.
      await old.stop("immediate");
      expect(await old.rewind(promoted.upstream(2), never)).toBe("rewound");
      await old.start({ kind: "standby", upstream: promoted.upstream(2) });
      await expectSame(old, promoted);

      // And the other way round, from a timeline that both have had.
      await old.follow(undefined);
      await promoted.ask("INSERT INTO written VALUES (-2)");
      await failOver(old, 3);
      await old.ask("INSERT INTO written VALUES (-3)");
      await promoted.stop("fast");
      expect(await promoted.rewind(old.upstream(3), never)).toBe("rewound");
      await promoted.start({ kind: "standby", upstream: old.upstream(3) });
      await expectSame(promoted, old);
    });

    test("is not rewound where timelines of one number are two", async () => {
      const [first, one, other] = (await shard(programsWithRewind()!, 2)) as [TestTablet, TestTablet, TestTablet];
      await Promise.all([one.catchUp(first), other.catchUp(first)]);
      await first.stop("kill");
      // Both at the same place, so that pg_rewind takes timeline 2 for one.
      await failOver(one, 2);
      await failOver(other, 3);
      expect((await one.look()).terms.at(-1)!.lsn).toBe((await other.look()).terms.at(-1)!.lsn);
      await one.ask("INSERT INTO written VALUES (2)");
      await other.ask("INSERT INTO written VALUES (3)");
      await one.stop("fast");
      expect(await one.rewind(other.upstream(3), never)).toBe("not-possible");
      // Nor when the other's timelines go on.
      await other.stop("fast");
      await other.start({ kind: "standby", upstream: undefined });
      await failOver(other, 4);
      expect((await other.look()).timeline).toBe(3);
      expect(await one.rewind(other.upstream(4), never)).toBe("not-possible");
      // It has had the first timeline only.
      expect(await first.rewind(other.upstream(4), never)).toBe("rewound");
      await first.start({ kind: "standby", upstream: other.upstream(4) });
      await expectSame(first, other);
    });

    test("is not rewound to what has never been its own", async () => {
      const tablet = await tabletsOf(programsWithRewind()!);
      const [one, other] = [await tablet("s1-0"), await tablet("s2-0")];
      await firstPrimary(one);
      await firstPrimary(other);
      await one.stop("fast");
      await expect(one.rewind(other.upstream(1), never)).rejects.toMatchObject({ code: "other-system" });
    });
  });
});

describe("a standby that was away", () => {
  test("finds the WAL that it lacks after two failovers", async () => {
    const [a, b, c, d] = (await shard(postgresPrograms(18), 3)) as [TestTablet, TestTablet, TestTablet, TestTablet];
    const flushed = new Map<TestTablet, number>();
    /** Each keeps slots for all others, as far as they have come; who is away stays where it was. */
    const keepSlots = async () => {
      const running = [a, b, c, d].filter((one) => one.process.kind === "running");
      for (const one of running) flushed.set(one, (await one.look()).lsn);
      for (const one of running) {
        const others = [...flushed].filter(([other]) => other !== one);
        await one.keepSlots(others.map(([other, flushedLsn]) => ({ name: other.name, flushedLsn })));
      }
    };
    /** Segments that nobody needs are gone after this. */
    const turnOver = async (primary: TestTablet, standbys: readonly TestTablet[]) => {
      for (let times = 0; times < 3; times++) {
        await primary.ask("INSERT INTO written SELECT generate_series(1, 1000)");
        await primary.ask("SELECT pg_switch_wal()");
      }
      await primary.checkpoint();
      for (const standby of standbys) {
        await standby.catchUp(primary);
        await standby.checkpoint();
      }
    };
    await Promise.all([b, c, d].map((one) => one.catchUp(a)));
    await keepSlots();
    await d.stop("fast");
    await turnOver(a, [b, c]);

    await a.stop("fast");
    await failOver(b, 2);
    await c.follow(b.upstream(2));
    await keepSlots();
    await turnOver(b, [c]);
    await b.stop("fast");
    await failOver(c, 3);
    await turnOver(c, []);

    await d.start({ kind: "standby", upstream: c.upstream(3) });
    await expectSame(d, c);
    await a.start({ kind: "standby", upstream: c.upstream(3) });
    await expectSame(a, c);
  });

  test("is told when the WAL that it lacks is gone", async () => {
    const [a, b] = (await shard(postgresPrograms(18), 1)) as [TestTablet, TestTablet];
    await b.stop("fast");
    await a.keepSlots([]);
    expect(await a.ask("SELECT count(*)::int FROM pg_replication_slots")).toBe(0);
    for (let times = 0; times < 3; times++)
      await a.ask("SELECT pg_switch_wal(), pg_logical_emit_message(false, '', '')");
    await a.checkpoint();
    await a.keepSlots([{ name: "s1-1", flushedLsn: undefined }]);
    await b.start({ kind: "standby", upstream: a.upstream(1) });
    const { receiverProblem } = await b.see((seen) => seen.receiverProblem?.kind === "wal-removed");
    expect(receiverProblem!.message).toMatch(/requested WAL segment \w+ has already been removed/);
  });

  test("has room for as much as its primary, whatever the settings say", async () => {
    const tablet = await tabletsOf(postgresPrograms(18));
    const [a, b] = [
      await tablet("s1-0"),
      await tablet("s1-1", { settings: { max_connections: "20", max_wal_senders: "5" } }),
    ];
    await firstPrimary(a);
    await b.standBy(a, 1);
    expect(await b.ask("SHOW max_connections")).toBe("300");
    expect(await b.ask("SHOW max_wal_senders")).toBe("30");
  });
});

describe("data that are not good", () => {
  test("are told from a PostgreSQL that does not start for another reason", async () => {
    const tablet = await tabletsOf(postgresPrograms(18));
    const [a, b] = [await tablet("s1-0"), await tablet("s1-1")];
    await firstPrimary(a);
    await b.standBy(a, 1);
    await b.stop("immediate");
    await rm(`${b.directory}/pgdata/pg_wal`, { recursive: true });
    await expect(b.start({ kind: "standby", upstream: a.upstream(1) })).rejects.toMatchObject({ code: "corrupt-data" });
    expect(b.process.kind).toBe("stopped");
    await rm(`${b.directory}/pgdata/global/pg_control`);
    await expect(b.dataState()).rejects.toMatchObject({ code: "corrupt-data" });
    await expect(b.start({ kind: "standby", upstream: undefined })).rejects.toMatchObject({ code: "corrupt-data" });
    await b.remove();
    await b.standBy(a, 1);
  });

  test("a slot that is of no use any more, or holds up vacuum on a standby, is made anew", async () => {
    const [a, b] = (await shard(postgresPrograms(18), 1)) as [TestTablet, TestTablet];
    // Hot standby feedback is on, so the slot of b holds a's horizon.
    const horizon = "SELECT coalesce(xmin, catalog_xmin)::text FROM pg_replication_slots WHERE slot_name = 'sg_s1_1'";
    await eventually(async () => (await a.ask(horizon)) !== null);
    await a.stop("fast");
    await failOver(b, 2);
    await a.start({ kind: "standby", upstream: b.upstream(2) });
    expect(await a.ask(horizon)).not.toBeNull();
    await a.keepSlots([{ name: "s1-1", flushedLsn: undefined }]);
    expect(await a.ask(horizon)).toBeNull();
    expect(await a.ask("SELECT restart_lsn IS NOT NULL FROM pg_replication_slots WHERE slot_name = 'sg_s1_1'")).toBe(
      true,
    );
  });
});
