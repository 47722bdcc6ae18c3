// The tablet's PostgreSQL as the agent has brought it about: what it runs as, whom it follows, which names are in force. It
// carries out decisions about PostgreSQL, and writes to the state file what each of them has to leave behind on disk.
import type { Pledge } from "../src/agent-api/pledge.ts";
import type { Log } from "../src/base/log.ts";
import type { Cohort } from "../src/topology/snapshot.ts";
import type { SynchronousInForce } from "./ha/cluster-view.ts";
import type { LostWal } from "./ha/lost-wal.ts";
import { mayPledge } from "./ha/pledge.ts";
import { progressText } from "./postgres/base-backup.ts";
import type { PostgresServer, StopMode, TermStart, Upstream } from "./postgres/server.ts";
import { type PostgresActions, postgresActions } from "./postgres-actions.ts";
import { type PostgresStory, postgresStory } from "./postgres-story.ts";
import { type PostgresWatch, watchPostgres } from "./postgres-watch.ts";
import { namesOf } from "./replication-names.ts";
import type { TabletSettings } from "./settings/tablet-settings.ts";
import { followed, type TabletStateFile } from "./tablet-state.ts";

/** For what was rewound to replay all WAL since the histories parted. */
const consistencyLimitMs = 600_000;

export interface Followed {
  readonly primary: string;
  readonly term: number;
}

export interface NewPrimary {
  readonly term: number;
  readonly starts: readonly TermStart[];
  readonly synchronous: Cohort;
}

export interface TabletPostgresOptions {
  readonly server: PostgresServer;
  readonly state: TabletStateFile;
  readonly settings: TabletSettings;
  readonly now: () => number;
  /** Something has changed, and there may be something to decide. */
  readonly onNews: () => void;
  /** It ended by itself, or could not be started. */
  readonly onTrouble: (reason: string) => void;
  /** WAL is given up that this tablet has written as primary; the sentence says how much. */
  readonly onLoss: (reason: string) => void;
  /** What takes long, and how far it is; undefined: nothing does any more. */
  readonly onActivity: (activity: string | undefined) => void;
  readonly pauseMs: () => number;
  readonly signal: AbortSignal;
  readonly log: Log;
}

export class TabletPostgres {
  readonly watch: PostgresWatch;
  readonly actions: PostgresActions;
  readonly story: PostgresStory;
  readonly server: PostgresServer;
  readonly state: TabletStateFile;
  readonly settings: TabletSettings;
  /** Of the last start, or the promotion after it. */
  runsAs: "primary" | "standby" = "standby";
  follows: Followed | undefined;
  /** Why it can never catch up with whom it follows, or has followed last. */
  cannotFollow: string | undefined;
  synchronous: SynchronousInForce | undefined;
  /** Since when it follows nobody: what was seen before says nothing of where its WAL ends. */
  cutAtMs = Number.NEGATIVE_INFINITY;
  hasData: boolean;
  /** Of WAL that this tablet has written as primary, and that was given up, since the agent has started. */
  readonly lostBytes = { maybeAcknowledged: 0, neverAcknowledged: 0 };
  #killing: Promise<void> | undefined;
  #options: TabletPostgresOptions;

  static async open(options: TabletPostgresOptions): Promise<TabletPostgres> {
    const { server, now } = options;
    const hasData = await server.hasData();
    const data = hasData ? await server.dataState().catch(() => undefined) : undefined;
    return new TabletPostgres(options, hasData, postgresStory(data, now));
  }

  private constructor(options: TabletPostgresOptions, hasData: boolean, story: PostgresStory) {
    const { server, state, settings, now, onNews, onTrouble, pauseMs, signal, log } = options;
    this.#options = options;
    this.server = server;
    this.state = state;
    this.settings = settings;
    this.hasData = hasData;
    this.story = story;
    this.actions = postgresActions({
      now,
      onEnd: onNews,
      onStuck: (name) => void this.#kill(`"${name}" does not end`),
      log,
    });
    this.watch = watchPostgres({ server, now, pauseMs, onAnswer: () => this.#heard(), signal });
    server.onEnd((how) => {
      story.failed();
      this.#reset();
      log.warn({ how }, "PostgreSQL has ended by itself");
      onTrouble(`PostgreSQL has ended by itself (${how})`);
      onNews();
    });
  }

  initialise(): void {
    this.actions.begin("initialise", async (signal) => {
      const { onActivity } = this.#options;
      onActivity("initialising");
      try {
        // Nobody has been told that they are whole.
        if (this.hasData) await this.server.remove();
        this.hasData = false;
        await this.server.initialise(signal);
      } finally {
        onActivity(undefined);
      }
      this.hasData = true;
      await this.state.write({ isWhole: true });
    });
  }

  clone(upstream: Upstream): void {
    this.actions.begin("clone", async (signal) => {
      await this.server.checkPrimary(upstream, signal);
      await this.#beginRebuild(upstream);
      if (this.hasData) await this.server.remove();
      this.hasData = false;
      const { onActivity } = this.#options;
      onActivity(`cloning from ${upstream.tablet}`);
      try {
        await this.server.clone(
          upstream,
          (progress) => onActivity(`cloning from ${upstream.tablet}: ${progressText(progress)}`),
          signal,
        );
      } finally {
        onActivity(undefined);
      }
      this.hasData = true;
      this.cannotFollow = undefined;
      this.story.cloned();
      await this.state.write({ isWhole: true });
    });
  }

  /** `lost`: what it has that `upstream` has not. It is counted once, when there is no way back. */
  rewind(upstream: Upstream, lost: LostWal | undefined): void {
    this.actions.begin("rewind", async (signal) => {
      await this.server.checkPrimary(upstream, signal);
      await this.#stop("fast");
      await this.#beginRebuild(upstream);
      if (lost) this.#lose(lost);
      const outcome = await this.server.rewind(upstream, signal);
      this.#options.log.info({ from: upstream.tablet, outcome }, "rewound");
      // Otherwise it stays not whole, and is cloned.
      if (outcome !== "rewound") return;
      this.cannotFollow = undefined;
      this.runsAs = "standby";
      // What the upstream has written meanwhile is needed before anything can be read. In term 0 there is nobody for whom it
      // would acknowledge, as it must not before it counts as whole.
      const start = () => this.server.start({ kind: "standby", upstream: { ...upstream, term: 0 } });
      await this.#start(start, AbortSignal.any([signal, AbortSignal.timeout(consistencyLimitMs)]));
      await this.server.follow(undefined);
      this.#followsNobody();
      await this.state.write({ isWhole: true });
    });
  }

  startStandby(): void {
    this.actions.begin("start-standby", async () => {
      this.runsAs = "standby";
      await this.#start(() => this.server.start({ kind: "standby", upstream: undefined }));
    });
  }

  startPrimary(next: NewPrimary): void {
    this.actions.begin("start-primary", async (signal) => {
      await this.#stop("fast");
      this.runsAs = "primary";
      const synchronous = namesOf(next.synchronous, next.term);
      // In the first term there has been nobody to follow.
      const hasFollowedNobody = this.state.state.led === next.term || next.term === 1;
      await this.#start(() => this.server.start({ kind: "primary", synchronous, hasFollowedNobody }), signal);
      const { term } = await this.server.observe(signal);
      if (term < next.term) await this.server.promote(next.starts, synchronous);
      await this.#leads(next, signal);
    });
  }

  promote(next: NewPrimary): void {
    this.actions.begin("promote", async (signal) => {
      this.runsAs = "primary";
      await this.server.promote(next.starts, namesOf(next.synchronous, next.term));
      await this.#leads(next, signal);
    });
  }

  follow(upstream: Upstream): void {
    this.actions.begin("follow", async (signal) => {
      await this.state.write(followed(upstream));
      this.cannotFollow = undefined;
      // Before it is so: whoever asks meanwhile must not take the end of the WAL for the last.
      this.follows = { primary: upstream.tablet, term: upstream.term };
      try {
        await this.server.follow(upstream);
      } catch (error) {
        // It may receive, or not: that must not stay so.
        await this.#stop("immediate");
        throw error;
      }
      if (!signal.aborted) await this.watch.refresh();
    });
  }

  followNobody(): void {
    this.actions.begin("follow-nobody", async () => {
      await this.server.follow(undefined);
      this.#followsNobody();
      await this.watch.refresh();
    });
  }

  setSynchronous(cohort: Cohort, term: number): void {
    this.actions.begin("set-synchronous", async (signal) => {
      await this.server.setSynchronousStandbys(namesOf(cohort, term));
      await this.#inForce(cohort, signal);
    });
  }

  /** Whoever may need its WAL finds it, when it fails over. Not urgent. */
  keepSlots(tablets: Parameters<PostgresServer["keepSlots"]>[0]): void {
    this.actions.begin("keep-slots", () => this.server.keepSlots(tablets));
  }

  /** Not urgent. */
  applySettings(): void {
    this.actions.begin("apply-settings", () => this.settings.apply(this.runsAs));
  }

  /** Ends a standby cleanly, for the rules to start it again. Whether it is begun. */
  restart(): boolean {
    if (this.actions.running !== undefined || this.runsAs !== "standby") return false;
    this.actions.begin("restart", () => this.#stop("fast"));
    return true;
  }

  /** Does not wait; what is being done is broken off. */
  stop(mode: "fast" | "immediate" | "kill"): void {
    if (this.actions.running === "stop" || this.#killing) return;
    // A frozen one holds up whatever is being done.
    const killing = mode === "kill" ? this.#kill("frozen, or of no use") : undefined;
    this.actions
      .urgently("stop", () => killing ?? this.#stop(mode))
      .catch((error: unknown) => this.#options.log.error({ err: error }, "PostgreSQL could not be stopped"));
  }

  /**
   * Resolves when it is on disk, or cannot be given: from then on nothing of a primary of an older term is received or
   * acknowledged, and this tablet is none itself.
   */
  async givePledge(asked: Pledge): Promise<void> {
    const own = () => this.state.state.pledge;
    if (!mayPledge(own(), asked) || own().term === asked.term) return;
    // Such a start follows nobody, and may take long: it need not begin again for every candidate.
    const isHarmless = this.actions.running === "start-standby";
    // Another one may be on its way to the disk.
    const write = () => this.state.write(({ pledge }) => (mayPledge(pledge, asked) ? { pledge: asked } : {}));
    if (isHarmless) await write();
    else {
      await this.actions.urgently("give-pledge", async () => {
        if (!mayPledge(own(), asked)) return;
        await this.#cutOff();
        await write();
      });
    }
    await this.watch.refresh();
  }

  /** For the end of the agent: what is being done is broken off. Sessions may go on for so long, unless others take over. */
  async shutDown(sessionsLimitMs: number): Promise<void> {
    await this.actions.urgently("shut-down", async (signal) => {
      if (sessionsLimitMs === 0) return await this.#stop("fast");
      const noLonger = setTimeout(() => this.hasten("fast"), sessionsLimitMs);
      signal.addEventListener("abort", () => this.hasten("immediate"));
      await this.#stop("smart");
      clearTimeout(noLonger);
    });
  }

  /** Ends PostgreSQL under what waits for its end. */
  hasten(mode: "fast" | "immediate"): void {
    this.server.stop(mode).catch((error: unknown) => {
      this.#options.log.error({ err: error }, "PostgreSQL could not be stopped");
    });
  }

  /** At any time, whatever is being done. */
  #kill(why: string): Promise<void> {
    this.#killing ??= (async () => {
      const { log, onNews } = this.#options;
      log.warn({ why }, "killing PostgreSQL");
      try {
        await this.server.stop("kill");
        this.story.failed();
        this.#reset();
      } catch (error) {
        log.error({ err: error }, "PostgreSQL cannot be killed");
      } finally {
        this.#killing = undefined;
        onNews();
      }
    })();
    return this.#killing;
  }

  async #cutOff(): Promise<void> {
    if (this.server.process.kind === "stopped") return;
    if (this.runsAs === "primary" || this.server.process.kind === "starting") return await this.#stop("immediate");
    if (!this.follows) return;
    try {
      await this.server.follow(undefined);
      this.#followsNobody();
    } catch (error) {
      this.#options.log.warn({ err: error }, "the WAL receiver could not be cut off; ending PostgreSQL");
      await this.#stop("kill");
    }
  }

  #lose({ bytes, mayBeAcknowledged, reason }: LostWal): void {
    this.lostBytes[mayBeAcknowledged ? "maybeAcknowledged" : "neverAcknowledged"] += bytes;
    this.#options.onLoss(reason);
  }

  /** From here on what is here counts for nothing. */
  async #beginRebuild(upstream: Upstream): Promise<void> {
    await this.#stop("immediate");
    await this.state.write(followed(upstream, { isWhole: false }));
  }

  async #start(start: () => Promise<void>, signal?: AbortSignal): Promise<void> {
    this.#reset();
    const breakOff = () => this.hasten("immediate");
    signal?.addEventListener("abort", breakOff);
    try {
      await this.settings.apply(this.runsAs);
      signal?.throwIfAborted();
      await start().catch(async (error: unknown) => {
        if (signal?.aborted || !(await this.settings.fallBack(error))) throw error;
        await start();
      });
      await this.settings.started();
      this.story.started();
    } catch (error) {
      this.story.startFailed(error);
      if (!signal?.aborted) this.#options.onTrouble(error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      signal?.removeEventListener("abort", breakOff);
    }
    await this.watch.refresh();
  }

  async #stop(mode: StopMode): Promise<void> {
    if (this.server.process.kind === "stopped") return;
    if (mode === "kill") return await this.#kill("it does not do what it is told");
    await this.server.stop(mode);
    this.story.stoppedByAgent(mode === "immediate" ? "crashed" : "cleanly");
    this.#reset();
  }

  async #leads({ term, synchronous }: NewPrimary, signal: AbortSignal): Promise<void> {
    await this.state.write({ led: term });
    await this.#inForce(synchronous, signal);
  }

  /** The position is taken after the names are in force: what is behind it may have been acknowledged by those of before. */
  async #inForce(cohort: Cohort, signal: AbortSignal): Promise<void> {
    const { lsn } = await this.server.observe(signal);
    this.synchronous = { cohort, sinceLsn: lsn };
    await this.watch.refresh();
  }

  #followsNobody(): void {
    this.follows = undefined;
    this.cutAtMs = this.#options.now();
  }

  #reset(): void {
    this.#followsNobody();
    this.synchronous = undefined;
  }

  #heard(): void {
    const { receiver, receiverProblem: problem } = this.watch.last() ?? {};
    if (receiver?.status === "streaming") this.cannotFollow = undefined;
    else if (this.follows && problem && problem.kind !== "other") this.cannotFollow = problem.message;
    this.#options.onNews();
  }
}
