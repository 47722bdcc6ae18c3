// One PostgreSQL under its agent's control, and its standbys, in all versions: real processes, made, promoted, followed and
// rejoined.
import { describe, expect, test } from "vitest";
import { lsnText } from "../../src/base/lsn.ts";
import { standbyName } from "../../tablet-agent/postgres/server.ts";
import { eventually } from "../support/eventually.ts";
import { postgresPrograms } from "../support/postgres-programs.ts";
import { describeWith } from "../support/requirement.ts";
import { firstPrimary, tabletsOf } from "../support/tablets.ts";
import { becomeUnprivileged } from "../support/unprivileged.ts";

becomeUnprivileged();

describe("PostgreSQL 18", () => lifeOfAShard(18));
describeWith(["PostgreSQL 17"], "PostgreSQL 17", () => lifeOfAShard(17));
describeWith(["PostgreSQL 16"], "PostgreSQL 16", () => lifeOfAShard(16));

function lifeOfAShard(major: 16 | 17 | 18): void {
  test("a planned change of primary: nothing is lost, all follow, and histories are one", async () => {
    const tablet = await tabletsOf(postgresPrograms(major));
    const [a, b, c] = [await tablet("s1-0"), await tablet("s1-1"), await tablet("s1-2")];
    expect(await a.hasData()).toBe(false);
    expect(a.process).toEqual({ kind: "stopped", how: undefined });
    await firstPrimary(a);
    expect(await a.look()).toMatchObject({ role: "primary", term: 1, timeline: 1, receiver: undefined, lagMs: 0 });
    await a.ask("CREATE TABLE written (n int)");
    await Promise.all([b.standBy(a, 1), c.standBy(a, 1)]);
    await b.catchUp(a);
    const follower = await b.see((seen) => seen.receiver?.status === "streaming");
    expect(follower).toMatchObject({
      role: "standby",
      term: 1,
      isAtEnd: false,
      receiver: { applicationName: "s1-1_1" },
    });
    await a.see((seen) => seen.standbys.filter((standby) => standby.isStreaming).length === 2);
    await a.setSynchronousStandbys({ acknowledgements: 1, names: [standbyName("s1-1", 1), standbyName("s1-2", 1)] });
    await a.ask("INSERT INTO written VALUES (1)");
    expect((await a.look()).standbys).toMatchObject([
      { applicationName: "s1-1_1", isSynchronous: true },
      { applicationName: "s1-2_1", isSynchronous: true },
    ]);
    await a.keepSlots([
      { name: "s1-1", flushedLsn: undefined },
      { name: "s1-2", flushedLsn: undefined },
    ]);

    const never = new AbortController().signal;
    await b.checkPrimary(a.upstream(1), never);
    await expect(a.checkPrimary(b.upstream(1), never)).rejects.toMatchObject({ code: "not-primary" });

    await a.stop("fast");
    await expect(b.checkPrimary(a.upstream(1), never)).rejects.toThrow();
    expect(a.process).toEqual({ kind: "stopped", how: "exit code 0" });
    const end = (await a.dataState())!;
    expect(end).toMatchObject({ state: "shut-down", timeline: 1, systemIdentifier: follower.systemIdentifier });
    await b.follow(undefined);
    const atEnd = await b.see((seen) => seen.isAtEnd);
    expect(atEnd.receiver).toBeUndefined();
    expect(atEnd.lsn).toBeGreaterThan(end.checkpointLsn);
    const began = { term: 2, lsn: atEnd.lsn };
    await b.promote([began], { acknowledgements: 1, names: [standbyName("s1-0", 2), standbyName("s1-2", 2)] });
    await c.follow(b.upstream(2));
    await c.checkPrimary(b.upstream(2), never);
    await expect(c.checkPrimary(b.upstream(3), never)).rejects.toMatchObject({ code: "not-primary" });
    await b.ask("INSERT INTO written VALUES (2)");
    await a.start({ kind: "standby", upstream: b.upstream(2) });
    await Promise.all([a.catchUp(b), c.catchUp(b)]);

    for (const one of [a, b, c]) {
      const seen = await one.look();
      expect(seen).toMatchObject({ term: 2, timeline: 2, pendingRestart: false });
      expect(seen.terms.at(-1)).toEqual(began);
      expect(await one.ask("SELECT string_agg(n::text, ' ' ORDER BY n) FROM written")).toBe("1 2");
    }
    expect(await c.ask("SHOW shardgres.term")).toBe("2");
    expect(await c.ask("SHOW shardgres.terms")).toMatch(new RegExp(`^1@0/[0-9A-F]+ 2@${lsnText(began.lsn)}$`));
    await eventually(async () => (await b.look()).standbys.length === 2);

    // A crash, and on it goes in the same term, on the same timeline.
    const ended = new Promise((resolve) => b.onEnd(resolve));
    process.kill((b.process as { pid: number }).pid, "SIGQUIT");
    expect(await ended).toBe("exit code 0");
    expect(b.process).toEqual({ kind: "stopped", how: "exit code 0" });
    await b.start({ kind: "primary", synchronous: { acknowledgements: 1, names: ["s1-0_2", "s1-2_2"] } });
    await b.ask("INSERT INTO written VALUES (3)");
    expect(await b.look()).toMatchObject({ role: "primary", term: 2, timeline: 2 });
  });

  test("a primary that was a standby of nobody for a while goes on in its term, on its timeline", async () => {
    const tablet = await tabletsOf(postgresPrograms(major));
    const [a, b] = [await tablet("s1-0"), await tablet("s1-1")];
    await firstPrimary(a);
    await b.standBy(a, 1);
    await a.ask("CREATE TABLE written (n int); INSERT INTO written VALUES (1)");
    await a.stop("immediate");
    await a.start({ kind: "standby", upstream: undefined });
    await a.see((seen) => seen.isAtEnd);
    await a.stop("fast");
    await expect(a.start({ kind: "primary", synchronous: undefined })).rejects.toMatchObject({ code: "was-standby" });
    await a.start({ kind: "primary", synchronous: undefined, hasFollowedNobody: true });
    await a.ask("INSERT INTO written VALUES (2)");
    expect(await a.look()).toMatchObject({ role: "primary", term: 1, timeline: 1 });
    await b.catchUp(a);
    expect(await b.ask("SELECT count(*)::int FROM written")).toBe(2);
  });
}
