// The agent's round: observe, decide, act. It waits for nothing that may take long: what is asked of PostgreSQL, the store
// and the other tablets goes on in the background, and whatever comes back begins the next round.
import type { Pledge } from "../src/agent-api/pledge.ts";
import { unreachable } from "../src/base/assert.ts";
import { backoff } from "../src/base/backoff.ts";
import { delayUnlessAborted } from "../src/base/delay.ts";
import type { Log } from "../src/base/log.ts";
import { getShard, type ReadShard, replaceShard } from "../src/topology/change-shard.ts";
import type { Reach } from "../src/topology/reach.ts";
import type { ShardName } from "../src/topology/snapshot.ts";
import { isConflict, type TopologyStore } from "../src/topology/store.ts";
import type { DecisionLog } from "./api/decision-log.ts";
import type { ClusterView } from "./ha/cluster-view.ts";
import { decide } from "./ha/decide.ts";
import type { Decision } from "./ha/decision.ts";
import { lostWal } from "./ha/lost-wal.ts";
import type { Patience } from "./ha/patience.ts";
import type { LeaseWatch } from "./lease-watch.ts";
import type { Peers } from "./peers.ts";
import { upstreamOf } from "./replication-names.ts";
import type { ShardWatch } from "./shard-watch.ts";
import type { TabletPostgres } from "./tablet-postgres.ts";
import { type StandbyMemory, viewOf } from "./view.ts";

export interface LoopOptions {
  readonly self: string;
  readonly shard: ShardName;
  readonly store: TopologyStore;
  readonly shards: ShardWatch;
  readonly lease: LeaseWatch;
  readonly peers: Peers;
  /** Where other tablets are reached. */
  readonly reach: Reach;
  readonly postgres: TabletPostgres;
  readonly decisions: DecisionLog;
  readonly patience: Patience;
  readonly now: () => number;
  readonly onDecision: (decision: Decision, view: ClusterView) => void;
  /** Before anything else in each round: throws when nothing may be done any more. */
  readonly mayGoOn: () => void;
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface SwitchoverWishes {
  /** Transactions that are still open after `drainMs` are broken off. */
  readonly force?: boolean;
  readonly drainMs?: number;
}

/** Without news, the next round begins after this. */
const tickMs = 250;
/** While something is going on, everybody is asked as often as this; else a few times less often than they are to answer. */
const busyAskMs = 40;
const calmAskMs = 1_000;
const diskAskMs = 2_000;
const keepSlotsMs = 5_000;
/** After a start, so long is waited for what the store says of the lease. */
const firstLookMs = 1_000;
const storeLimitMs = 3_000;
/** A round that comes so late has been held up by the machine, not by PostgreSQL. */
const sleptMs = 2_000;

type Task = "peers" | "lease" | "disk" | "slots";

const never = Number.NEGATIVE_INFINITY;

export class Loop {
  readonly #options: LoopOptions;
  readonly #standbys: StandbyMemory = new Map();
  #wake = Promise.withResolvers<void>();
  #view: ClusterView | undefined;
  /** After it has left the lease, in this term: a new one is a new chance. */
  #rest = { untilMs: never, term: 0 };
  #switchover: { readonly to: string; readonly sinceMs: number } | undefined;
  #wishes: SwitchoverWishes = {};
  #freeBytes: number | undefined;
  #isBusy = true;
  #noted: Decision | undefined;
  /** Nobody knows whether the last change was written. */
  #isUnsure = false;
  #isAskingStore = false;
  readonly #doneAtMs: Record<Task, number> = { peers: never, lease: never, disk: never, slots: never };
  #roundAtMs: number;
  readonly #startedAtMs: number;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#roundAtMs = options.now();
    this.#startedAtMs = this.#roundAtMs;
  }

  /** There may be something to decide. */
  news(): void {
    this.#wake.resolve();
  }

  /** What the last decision was made by. */
  get view(): ClusterView | undefined {
    return this.#view;
  }

  /** Something is going on in which clients may be waiting: everybody is asked often. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  get freeBytes(): number | undefined {
    return this.#freeBytes;
  }

  /** For the switchover that begins now. */
  wish(wishes: SwitchoverWishes): void {
    this.#wishes = wishes;
  }

  /** Resolves after the signal is aborted. */
  async run(): Promise<void> {
    const { signal, log } = this.#options;
    const pause = backoff({ maxMs: 1_000 });
    while (!signal.aborted) {
      this.#wake = Promise.withResolvers();
      try {
        await this.#round();
        pause.reset();
      } catch (error) {
        log.error({ err: error }, "a round of the agent has failed");
        // What fails may make news itself.
        await delayUnlessAborted(pause.next(), signal);
      }
      const calm = new AbortController();
      await Promise.race([this.#wake.promise, delayUnlessAborted(tickMs, AbortSignal.any([signal, calm.signal]))]);
      calm.abort();
    }
  }

  async #round(): Promise<void> {
    const { shards, postgres, now, onDecision, mayGoOn, patience } = this.#options;
    mayGoOn();
    const nowMs = now();
    if (nowMs - this.#roundAtMs > sleptMs) postgres.watch.slept();
    this.#roundAtMs = nowMs;
    const read = shards.current();
    if (!read) return;
    if (this.#isTooEarly(nowMs)) return;
    this.#noticeSwitchover(read);
    const view = viewOf({
      ...this.#options,
      nowMs,
      read,
      freeBytes: this.#freeBytes,
      lease: this.#options.lease.state(),
      restsUntilMs: this.#rest.term === read.shard.term ? this.#rest.untilMs : never,
      answers: this.#options.peers.answers(),
      switchover: this.#switchover && { sinceMs: this.#switchover.sinceMs, isForced: this.#wishes.force ?? false },
      standbys: this.#standbys,
    });
    this.#view = view;
    const { drainMs = patience.drainMs } = this.#wishes;
    const decision = decide(view, { ...patience, drainMs });
    this.#ask(view, decision);
    this.#note(decision);
    onDecision(decision, view);
    await this.#act(decision, view);
  }

  /** A primary that starts again would begin as a standby, if it did not know yet that the lease is still its own. */
  #isTooEarly(nowMs: number): boolean {
    const { lease } = this.#options;
    if (lease.state().kind !== "unknown" || nowMs - this.#startedAtMs > firstLookMs) return false;
    this.#askLease("look");
    return true;
  }

  #note(decision: Decision): void {
    const { decisions, log } = this.#options;
    const { kind, reason } = decision;
    if (this.#noted?.kind === kind && this.#noted.reason === reason) return;
    this.#noted = decision;
    decisions.add(decision);
    log.info({ decision: kind }, reason);
  }

  async #act(decision: Decision, view: ClusterView): Promise<void> {
    const { postgres, lease, peers, reach, now } = this.#options;
    const { shard } = view;
    const upstream = (primary: string) => upstreamOf(shard, primary, reach);
    if (decision.kind !== "ask-pledges" && decision.kind !== "change-shard") lease.setCandidateSince(undefined);
    switch (decision.kind) {
      case "wait":
        return;
      case "try-lease":
        return this.#askLease("tryFor");
      case "release-lease":
        this.#rest = { untilMs: now() + decision.restMs, term: shard.term };
        return this.#askLease("release");
      case "stop":
        return postgres.stop(decision.mode);
      case "change-shard":
        return await this.#change(decision);
      case "give-pledge":
        return await this.#givePledge({ term: decision.term, candidate: decision.candidate });
      case "ask-pledges": {
        const pledge = { term: decision.term, candidate: view.self };
        lease.setCandidateSince(candidateSinceMs(view) ?? now());
        await postgres.givePledge(pledge);
        return peers.ask(shard.tablets, pledge);
      }
      case "initialise":
        return postgres.initialise();
      case "clone": {
        const from = upstream(decision.primary);
        return from && postgres.clone(from);
      }
      case "rewind": {
        const from = upstream(decision.primary);
        return from && postgres.rewind(from, lostWal(view, postgres.watch.last()?.terms ?? []));
      }
      case "start-standby":
        return postgres.startStandby();
      case "start-primary":
        return postgres.startPrimary(decision);
      case "promote":
        return postgres.promote(decision);
      case "follow": {
        const from = upstream(decision.primary);
        return from && postgres.follow(from);
      }
      case "follow-nobody":
        return postgres.followNobody();
      case "set-synchronous":
        return postgres.setSynchronous(decision.cohort, shard.term);
      default:
        return unreachable(decision);
    }
  }

  /** Who cannot write it leaves the lease all the same: others may do without it. */
  async #givePledge(pledge: Pledge): Promise<void> {
    try {
      await this.#options.postgres.givePledge(pledge);
    } catch (error) {
      if (this.#options.lease.state().kind === "mine") this.#askLease("release");
      throw error;
    }
  }

  async #change({ before, after, change }: Extract<Decision, { kind: "change-shard" }>): Promise<void> {
    const { store, shards, self, log } = this.#options;
    if (this.#isUnsure) return;
    try {
      shards.heard(await inTime(replaceShard(store, before, after)));
      if (change === "name-primary" && after.primary?.name !== self) this.#askLease("release");
    } catch (error) {
      if (!isConflict(error)) log.warn({ err: error, change }, "it is not known whether the topology was changed");
      this.#isUnsure = true;
      void this.#readAgain();
    }
  }

  /** Before anything is changed again. */
  async #readAgain(): Promise<void> {
    const { store, shard, shards, signal } = this.#options;
    while (!signal.aborted) {
      try {
        shards.heard(await inTime(getShard(store, shard)));
        this.#isUnsure = false;
        return;
      } catch {
        await delayUnlessAborted(tickMs, signal);
      }
    }
  }

  #noticeSwitchover({ shard: { switchover } }: ReadShard): void {
    if (switchover?.to === this.#switchover?.to) return;
    this.#switchover = switchover && { to: switchover.to, sinceMs: this.#options.now() };
    if (!switchover) this.#wishes = {};
  }

  /** In the background: the other tablets, the lease, the disk. */
  #ask(view: ClusterView, decision: Decision): void {
    const { peers, postgres, now } = this.#options;
    const nowMs = now();
    const { shard, self, lease } = view;
    const isLed = shard.primary?.name === self ? view.postgres.kind === "primary" : isFollowing(view);
    this.#isBusy = !isLed || shard.switchover !== undefined || shard.nextCohort !== undefined || !isCalm(decision);
    const everyMs = this.#isBusy ? busyAskMs : calmAskMs;
    const isDue = (what: Task, ms: number) => {
      if (nowMs - this.#doneAtMs[what] < ms) return false;
      this.#doneAtMs[what] = nowMs;
      return true;
    };
    if (isDue("peers", everyMs)) peers.ask(shard.tablets, undefined);
    if (lease.kind === "mine") {
      if (decision.kind !== "release-lease" && isDue("lease", calmAskMs)) this.#askLease("tryFor");
    } else if (isDue("lease", everyMs)) this.#askLease("look");
    const isRunning = view.postgres.kind === "primary" || view.postgres.kind === "standby";
    if (isRunning && !this.#isBusy && isDue("slots", keepSlotsMs)) this.#keepSlots(view);
    if (isDue("disk", diskAskMs)) {
      postgres.server.freeBytes().then(
        (freeBytes) => {
          this.#freeBytes = freeBytes;
        },
        () => {},
      );
    }
  }

  #keepSlots({ shard, self }: ClusterView): void {
    const { postgres, peers } = this.#options;
    const answers = new Map(peers.answers().map(({ name, lsn }) => [name, lsn]));
    const others = shard.tablets.filter(({ name }) => name !== self);
    postgres.keepSlots(others.map(({ name }) => ({ name, flushedLsn: answers.get(name) })));
  }

  #askLease(what: "tryFor" | "look" | "release"): void {
    const { lease, log } = this.#options;
    if (this.#isAskingStore && what !== "release") return;
    this.#isAskingStore = true;
    inTime(lease[what]())
      .catch((error: unknown) => log.debug({ err: error, what }, "the lease could not be asked for"))
      .finally(() => {
        this.#isAskingStore = false;
        this.news();
      });
  }
}

function isCalm({ kind }: Decision): boolean {
  return kind === "wait" || kind === "change-shard" || kind === "set-synchronous";
}

function candidateSinceMs({ lease }: ClusterView): number | undefined {
  return lease.kind === "mine" ? lease.candidateSinceMs : undefined;
}

function isFollowing({ postgres, shard, answers, nowMs }: ClusterView): boolean {
  if (postgres.kind !== "standby" || postgres.follows?.term !== shard.term) return false;
  return answers.some(({ name, askedAtMs }) => name === shard.primary?.name && nowMs - askedAtMs < 2 * calmAskMs);
}

/** What has not come by then may still come; nobody waits for it. */
async function inTime<T>(promise: Promise<T>): Promise<T> {
  const limit = new AbortController();
  const late = delayUnlessAborted(storeLimitMs, limit.signal).then(() =>
    Promise.reject(new Error("no answer in time")),
  );
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    limit.abort();
  }
}
