// Which standbys may be read, as of now. While somebody reads from standbys of a shard, its tablets are asked for their
// positions again and again; nobody is asked otherwise. A standby may be read when its WAL is that of the primary which
// the topology names (or else it might show what has been lost in a failover), and not too far behind.
import { delayUnlessAborted } from "../base/delay.ts";
import type { Shard, ShardName, Tablet, Topology } from "../topology/snapshot.ts";
import { lagMs, type Mark, withMark } from "./standby-lag.ts";
import type { AskTablet, TabletReport } from "./tablet-reports.ts";

/** For so long after the last read the tablets are still asked. */
const interestMs = 60_000;
const [periodMinMs, periodMaxMs] = [100, 1_000];

/** What is known of one standby; lagMs undefined: not known, or too far behind to be measured. */
export type StandbyState =
  | { readonly kind: "unknown" }
  | { readonly kind: "away" }
  /** It is a primary, or has the WAL of another primary than the one of this term. */
  | { readonly kind: "stranger" }
  | { readonly kind: "standby"; readonly lagMs: number | undefined };

interface Watched {
  readonly shard: ShardName;
  /** Of the primary that the marks are of; they mean nothing for another one. */
  reign: string;
  walTerm: string;
  marks: readonly Mark[];
  /** By tablet; undefined: it has not answered. */
  reports: Map<string, TabletReport | undefined>;
  usedAtMs: number;
  /** The smallest lag that a reader accepts. */
  lagMaxMs: number;
  /** All tablets have been asked at least once. */
  hasLooked: boolean;
  isRunning: boolean;
  readonly listeners: Set<() => void>;
}

export class StandbyWatch {
  readonly #topology: () => Topology;
  readonly #ask: AskTablet;
  readonly #now: () => number;
  readonly #watched = new Map<ShardName, Watched>();
  readonly #closing = new AbortController();

  /** `now` is monotonic, in milliseconds. */
  constructor(topology: () => Topology, ask: AskTablet, now: () => number = () => performance.now()) {
    this.#topology = topology;
    this.#ask = ask;
    this.#now = now;
  }

  /** Those that may be read now. Also begins, or goes on, to watch the shard. */
  usable(shardName: ShardName, lagMaxMs: number): Tablet[] {
    const watched = this.#use(shardName, lagMaxMs);
    return standbysOf(this.#topology().shards.get(shardName)).filter((tablet) => {
      const state = this.#stateIn(watched, tablet);
      return state.kind === "standby" && state.lagMs !== undefined && state.lagMs <= lagMaxMs;
    });
  }

  /**
   * The same, of those that will do; where there is none, waits until there is one or `patienceMs` are over, and in any case
   * until all have been asked once. Rejects with the reason of the signal.
   */
  async wait(
    shardName: ShardName,
    lagMaxMs: number,
    patienceMs: number,
    signal?: AbortSignal,
    willDo: (tablet: Tablet) => boolean = () => true,
  ): Promise<Tablet[]> {
    const deadline = this.#now() + patienceMs;
    for (;;) {
      signal?.throwIfAborted();
      const tablets = this.usable(shardName, lagMaxMs).filter(willDo);
      if (tablets.length > 0) return tablets;
      const watched = this.#watched.get(shardName)!;
      const leftMs = deadline - this.#now();
      const canCome = standbysOf(this.#topology().shards.get(shardName)).some(willDo);
      if (this.#closing.signal.aborted || (watched.hasLooked && (leftMs <= 0 || !canCome))) return [];
      await this.#change(watched, watched.hasLooked ? leftMs : undefined, signal);
    }
  }

  stateOf(shardName: ShardName, tablet: Tablet): StandbyState {
    const watched = this.#watched.get(shardName);
    return watched === undefined ? { kind: "unknown" } : this.#stateIn(watched, tablet);
  }

  /** It could not be reached: it is not used until it answers again. */
  isAway(shardName: ShardName, tablet: Tablet): void {
    this.#watched.get(shardName)?.reports.set(tablet.name, undefined);
  }

  close(): void {
    this.#closing.abort();
    for (const { listeners } of this.#watched.values()) for (const listener of listeners) listener();
  }

  #stateIn(watched: Watched, tablet: Tablet): StandbyState {
    if (watched.reign !== reignOf(this.#topology().shards.get(watched.shard))) return { kind: "unknown" };
    if (!watched.reports.has(tablet.name)) return { kind: "unknown" };
    const report = watched.reports.get(tablet.name);
    if (report === undefined) return { kind: "away" };
    if (!report.isStandby || report.term !== watched.walTerm) return { kind: "stranger" };
    return { kind: "standby", lagMs: lagMs(watched.marks, report.lsn, this.#now()) };
  }

  #use(shard: ShardName, lagMaxMs: number): Watched {
    let watched = this.#watched.get(shard);
    if (watched === undefined) {
      const nothing = { reign: "", walTerm: "", marks: [], reports: new Map(), hasLooked: false };
      watched = { shard, ...nothing, usedAtMs: 0, lagMaxMs, isRunning: false, listeners: new Set() };
      this.#watched.set(shard, watched);
    }
    watched.usedAtMs = this.#now();
    watched.lagMaxMs = Math.min(watched.lagMaxMs, lagMaxMs);
    if (!watched.isRunning) void this.#run(watched);
    return watched;
  }

  /** Never rejects. */
  async #run(watched: Watched): Promise<void> {
    watched.isRunning = true;
    while (!this.#closing.signal.aborted && this.#now() - watched.usedAtMs < interestMs) {
      await this.#look(watched);
      watched.hasLooked = true;
      this.#tell(watched);
      const periodMs = Math.max(periodMinMs, Math.min(periodMaxMs, watched.lagMaxMs / 3));
      await delayUnlessAborted(periodMs, this.#closing.signal);
    }
    // Who comes next begins anew.
    this.#watched.delete(watched.shard);
    this.#tell(watched);
  }

  async #look(watched: Watched): Promise<void> {
    const shard = this.#topology().shards.get(watched.shard);
    const reign = reignOf(shard);
    if (shard?.primary === undefined || reign !== watched.reign) {
      watched.marks = [];
      watched.reports.clear();
      watched.reign = reign;
    }
    const atMs = this.#now();
    const primary = shard?.primary && (await this.#ask(shard.primary).catch(() => undefined));
    // Before its own term stands in its WAL, a standby with the WAL of its predecessor would look like one of its own.
    if (primary?.isStandby === false && (primary.term === "" || primary.term === String(shard?.term))) {
      watched.marks = withMark(watched.marks, { atMs, lsn: primary.lsn });
      watched.walTerm = primary.term;
    }
    await Promise.all(
      standbysOf(shard).map(async (tablet) => {
        watched.reports.set(tablet.name, await this.#ask(tablet).catch(() => undefined));
        this.#tell(watched);
      }),
    );
  }

  #tell({ listeners }: Watched): void {
    for (const listener of [...listeners]) listener();
  }

  /** Resolves at the next news, or after so many milliseconds; undefined: news will come. */
  #change({ listeners }: Watched, waitMs: number | undefined, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        listeners.delete(done);
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = waitMs === undefined ? undefined : setTimeout(done, waitMs);
      listeners.add(done);
      signal?.addEventListener("abort", done, { once: true });
    });
  }
}

function standbysOf(shard: Shard | undefined): readonly Tablet[] {
  return shard?.tablets.filter(({ name }) => name !== shard.primary?.name) ?? [];
}

function reignOf(shard: Shard | undefined): string {
  return shard === undefined ? "" : `${shard.term} ${shard.primary?.name ?? ""}`;
}
