// One fault under load, from calm to calm: what clients were told is compared with what there is, and how long they had to
// wait is measured.
import { delay } from "../../src/base/delay.ts";
import type { Shard } from "../../src/topology/snapshot.ts";
import { standbyName } from "../../tablet-agent/postgres/server.ts";
import { Bypass, bypassTable } from "./bypass.ts";
import { type Failure, Ledger } from "./ledger.ts";
import { Stage, type StageOptions } from "./stage.ts";
import type { TabletProcess } from "./tablet-process.ts";

export interface Fault {
  readonly name: string;
  /** Does it. Resolves with what mends it, if it does not mend itself. */
  readonly inject: (stage: Stage) => Promise<(() => unknown) | undefined>;
  /** At least so long; else until writes are acknowledged again, by another primary if it is to change. */
  readonly lastsMs?: number;
  /** Writes are acknowledged again only after it is mended. */
  readonly blocks?: true;
  /** What becomes of the primary. "any": whatever is sooner. */
  readonly primary: "stays" | "changes" | "any";
  /** Together with another one it might take more than the policy covers, or could not be done. */
  readonly isAlone?: true;
  /** Nothing but a pause is noticed by clients. */
  readonly isPlanned?: true;
  /** Sentences by which the agents have answered it, each by one of them at least. */
  readonly because?: readonly RegExp[];
  /** Besides what unplanned trouble may do. */
  readonly moreErrors?: readonly string[];
  /** After the fault, or after it is mended if it `blocks`. */
  readonly pauseMsMax: number;
}

export interface Outcome {
  /** The longest time without an acknowledgement. */
  readonly pauseMs: number;
  /** From the mending until every tablet is back. */
  readonly wholeMs: number;
  readonly failures: readonly Failure[];
  readonly terms: readonly [before: number, after: number];
  readonly primaries: readonly [before: string, after: string];
  readonly problems: readonly string[];
}

/** What unplanned trouble may do (docs/failover.md): a transaction is broken off, or nobody knows what became of a write. */
const unplannedErrors: Readonly<Record<Failure["place"], readonly string[]>> = {
  autocommit: ["08007"],
  transaction: ["08006", "57P01"],
  commit: ["08006", "08007", "57P01"],
};
const wholeMsMax = 60_000;
const pollMs = 25;

const counterQuery = "SELECT writer, n FROM counter";
const contentQuery = ["ledger", "counter", "bypass"]
  .map((table) => `SELECT count(*)::int, sum(hashtextextended(t::text, 0))::text FROM ${table} AS t`)
  .join(" UNION ALL ");

export class Trials {
  readonly stage: Stage;
  readonly ledger: Ledger;
  readonly bypass: Bypass;

  static async start(options: StageOptions = {}): Promise<Trials> {
    const stage = await Stage.start(options);
    try {
      const trials = new Trials(stage);
      await trials.whole(performance.now() + wholeMsMax);
      const primary = await stage.at(await stage.primary());
      await primary.query(bypassTable);
      await stage.release(primary);
      await trials.ledger.start();
      trials.bypass.start();
      return trials;
    } catch (error) {
      console.log((await stage.decisions()).slice(-100).join("\n"));
      await stage.stop();
      throw error;
    }
  }

  private constructor(stage: Stage) {
    this.stage = stage;
    this.ledger = new Ledger(stage);
    this.bypass = new Bypass(stage);
  }

  async stop(): Promise<void> {
    await this.#stopWriting();
    await this.stage.stop();
  }

  /** Ends all writing; resolves with what is wrong then. */
  async finish(): Promise<string[]> {
    const { stage, ledger } = this;
    await this.#stopWriting();
    await this.whole(performance.now() + wholeMsMax);
    const problems = await this.contradictions();
    const primary = await stage.primary();
    problems.push(...ledger.doneTwice(new Map((await this.#rowsAt(primary, counterQuery)) as [number, number][])));
    const here = await this.#contentAt(primary);
    for (const standby of await stage.standbys()) {
      let there = "";
      for (const deadline = performance.now() + wholeMsMax; performance.now() < deadline; await delay(pollMs)) {
        there = await this.#contentAt(standby);
        if (there === here) break;
      }
      if (there !== here) problems.push(`${standby.name} has something else than ${primary.name}`);
    }
    return problems;
  }

  async run(fault: Fault): Promise<Outcome> {
    const { stage, ledger } = this;
    const problems: string[] = [];
    const check = (isRight: boolean, problem: string) => {
      if (!isRight) problems.push(problem);
    };
    await this.whole(performance.now() + wholeMsMax);
    const before = await stage.shard();
    const failuresBefore = ledger.failures.length;
    const beganAtMs = performance.now();
    const mend = await fault.inject(stage);
    const injectedAtMs = performance.now();
    let isBack = false;
    if (!fault.blocks) {
      const deadlineMs = injectedAtMs + fault.pauseMsMax;
      const fromMs = fault.primary === "changes" ? await this.#changed(before, deadlineMs) : injectedAtMs;
      isBack = await this.#writtenSince(fromMs, deadlineMs);
    }
    await delay(Math.max(lingersMs(fault), injectedAtMs + (fault.lastsMs ?? 0) - performance.now()));
    const mendedAtMs = performance.now();
    await mend?.();
    if (fault.blocks) isBack = await this.#writtenSince(mendedAtMs, mendedAtMs + fault.pauseMsMax);
    check(isBack, `no write was acknowledged within ${fault.pauseMsMax} ms`);
    check(await this.whole(mendedAtMs + wholeMsMax), `not every tablet was back after ${wholeMsMax} ms`);
    const wholeAtMs = performance.now();
    const after = await stage.shard();
    const failures = ledger.failures.slice(failuresBefore);
    const primaries = [before.primary!.name, after.primary?.name ?? "nobody"] as const;
    const changed = primaries[0] !== primaries[1];
    if (fault.primary !== "any") {
      check(changed === (fault.primary === "changes"), `the primary was ${primaries[0]}, and is ${primaries[1]}`);
    }
    for (const { code, place, message, tookMs } of failures) {
      const isAllowed = (!fault.isPlanned && unplannedErrors[place].includes(code)) || fault.moreErrors?.includes(code);
      check(isAllowed ?? false, `${place} ended with ${code} after ${Math.round(tookMs)} ms: ${message}`);
    }
    problems.push(...(await this.contradictions()));
    const story = await this.#story(beganAtMs);
    for (const reason of fault.because ?? [])
      check(
        story.some((line) => reason.test(line)),
        `nothing was done because of ${reason}`,
      );
    if (problems.length > 0) console.log(`${fault.name}:\n${story.join("\n")}`);
    const pauseFromMs = fault.blocks ? mendedAtMs : beganAtMs;
    return {
      pauseMs: ledger.longestGapMs(pauseFromMs, wholeAtMs),
      wholeMs: wholeAtMs - mendedAtMs,
      failures,
      terms: [before.term, after.term],
      primaries,
      problems: [...new Set(problems)],
    };
  }

  /** Waits until all tablets take part: both standbys stream, and acknowledge what is committed. */
  async whole(deadlineMs: number): Promise<boolean> {
    for (; performance.now() < deadlineMs; await delay(pollMs))
      if (await this.#isWhole().catch(() => false)) return true;
    return false;
  }

  /** Between what clients were told and what the primary has. */
  async contradictions(): Promise<string[]> {
    const { stage, ledger, bypass } = this;
    const primary = await stage.primary();
    // Claims first: whatever was acknowledged by now has to be there.
    const [ofLedger, ofBypass] = [ledger.claims(), bypass.claims()];
    const ids = async (table: string) =>
      new Set((await this.#rowsAt(primary, `SELECT id FROM ${table}`)).map(([id]) => id!));
    const counters = new Map((await this.#rowsAt(primary, counterQuery)) as [number, number][]);
    return [...ofLedger(await ids("ledger"), counters), ...ofBypass(await ids("bypass")), ...bypass.twoAtOnce()];
  }

  async #stopWriting(): Promise<void> {
    await this.ledger.stop();
    await this.bypass.stop();
  }

  async #rowsAt(tablet: TabletProcess, sql: string): Promise<number[][]> {
    const client = await this.stage.at(tablet);
    try {
      return (await client.query<number[]>({ text: sql, rowMode: "array" })).rows;
    } finally {
      await this.stage.release(client);
    }
  }

  async #contentAt(tablet: TabletProcess): Promise<string> {
    return JSON.stringify(await this.#rowsAt(tablet, contentQuery).catch(String));
  }

  async #isWhole(): Promise<boolean> {
    const { stage } = this;
    const { term, primary, cohort, nextCohort, switchover } = await stage.shard();
    if (!primary || nextCohort || switchover || cohort.standbys.length !== 2) return false;
    const answers = await Promise.all(
      stage.tablets.map(async (tablet) => [tablet.name, await stage.agents.ask(stage.target(tablet))] as const),
    );
    const isInPlace = answers.every(([name, { role, term: own, follows }]) =>
      name === primary.name ? role === "primary" && own === term : role === "standby" && follows?.term === term,
    );
    if (!isInPlace) return false;
    const client = await stage.at(stage.tablet(primary.name));
    try {
      const streaming = "SELECT application_name AS name FROM pg_stat_replication WHERE state = 'streaming'";
      const names = new Set((await client.query(streaming)).rows.map(({ name }) => name));
      return cohort.standbys.every((name) => names.has(standbyName(name, term)));
    } finally {
      await stage.release(client);
    }
  }

  /** When another tablet was seen to be primary. */
  async #changed({ primary }: Shard, deadlineMs: number): Promise<number> {
    while (performance.now() < deadlineMs) {
      const now = (await this.stage.shard()).primary?.name;
      if (now !== primary?.name) break;
      await delay(pollMs);
    }
    return performance.now();
  }

  async #writtenSince(atMs: number, deadlineMs: number): Promise<boolean> {
    const isWritten = () => (this.ledger.acknowledgements.at(-1)?.sentAtMs ?? 0) > atMs;
    while (!isWritten() && performance.now() < deadlineMs) await delay(5);
    return isWritten();
  }

  async #story(fromMs: number): Promise<string[]> {
    const from = new Date(Date.now() - (performance.now() - fromMs)).toISOString().slice(11, 23);
    return (await this.stage.decisions()).filter((line) => line >= from);
  }
}

/** So long an old primary that still runs has the opportunity to acknowledge what it must not. */
function lingersMs({ primary, isPlanned }: Fault): number {
  return primary === "changes" && !isPlanned ? 1_000 : 0;
}
