// How the parts of one statement see the shards: all at the same moment, as far as distributed commits go. Each shard is
// sent, in one write, the opening of a snapshot, the list of the commits visible in it, and the queries. The lists come
// before the rows; where they disagree the rows are thrown away, and everything is asked again once the lists agree.
//
//   plain        nobody looks: one shard, asked once, or the transaction has agreed snapshots already, or atomic reads are off
//   statement    outside of a transaction: one of its own on each shard, REPEATABLE READ, for this statement
//   each         the same, but they need not agree
//   block        within a READ COMMITTED transaction, where every query has its own snapshot, taken when it is bound: the
//                lists before and after Bind say what it shows at least, and at most
import { delay } from "../base/delay.ts";
import type { Participant } from "../transaction/participant.ts";
import { type HelpCommit, Patience } from "../transaction/patience.ts";
import {
  askVisibleCommits,
  commonlyClosed,
  type Missing,
  missingCommits,
  type Observation,
  type VisibleCommits,
} from "../transaction/visible-commits.ts";
import type { ShardRows } from "./shard-rows.ts";

export type ViewKind = "plain" | "statement" | "each" | "block";

/** One query on one shard. Each try needs a new stream. */
export interface ShardPart {
  readonly participant: Participant;
  stream(): ShardRows;
}

export interface StatementView {
  /** Requests to the participants of the statement see agreed snapshots from here on; nothing to wait for where `open` does it. */
  begin(): Promise<void>;
  /**
   * Streams of the parts, in their order. `goesOn`: the participant that will be asked again; the others have done their part
   * of the statement. Rejects with StatementOutdated when what was read before has become too old to be put together with
   * these parts: then the statement must begin again. When it rejects nothing is left open.
   */
  open(parts: readonly ShardPart[], goesOn?: Participant): Promise<readonly ShardRows[]>;
  /** To be called in any case, when all streams are closed: the connections are free again. */
  end(): Promise<void>;
}

/** The statement has to begin again, with `patience`. */
export class StatementOutdated extends Error {
  readonly missing: readonly Missing[];

  constructor(missing: readonly Missing[]) {
    super("the parts of a statement have seen different moments");
    this.missing = missing;
  }
}

export interface ViewOptions {
  readonly help: HelpCommit;
  /** Ends the waiting for snapshots that agree. */
  readonly signal: AbortSignal | undefined;
  /** The queries leave nothing behind, so that they may run in vain. */
  readonly mayRepeat: boolean;
}

/** `participants`: all that the statement will ask. */
export function statementView(
  kind: ViewKind,
  participants: readonly Participant[],
  { help, signal, mayRepeat }: ViewOptions,
): StatementView {
  if (kind === "plain") return plainView;
  if (kind !== "block") return new SnapshotView(participants, kind === "statement", new Patience(help, signal));
  return new BlockView(new Patience(help, signal), mayRepeat);
}

export const plainView: StatementView = {
  async begin() {},
  async open(parts) {
    return parts.map((part) => {
      const stream = part.stream();
      stream.run();
      return stream;
    });
  },
  async end() {},
};

const nothingVisible: VisibleCommits = new Map();

class SnapshotView implements StatementView {
  readonly #participants: readonly Participant[];
  readonly #mustAgree: boolean;
  readonly #patience: Patience;
  #hasBegun = false;
  /** Participants whose transaction has not been told to end. */
  readonly #open = new Set<Participant>();
  #ends: Promise<void>[] = [];

  constructor(participants: readonly Participant[], mustAgree: boolean, patience: Patience) {
    this.#participants = participants;
    this.#mustAgree = mustAgree;
    this.#patience = patience;
  }

  async begin(): Promise<void> {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    await this.#agree(await this.#snapshots([], undefined));
  }

  async open(parts: readonly ShardPart[], goesOn?: Participant): Promise<readonly ShardRows[]> {
    const streams = parts.map((part) => part.stream());
    if (this.#hasBegun) {
      for (const participant of this.#participants) this.#run(participant, streams, goesOn);
      return streams;
    }
    this.#hasBegun = true;
    try {
      const missing = await this.#snapshots(streams, goesOn);
      if (missing.length === 0) return streams;
      await abandon(streams);
      await this.#agree(missing);
    } catch (error) {
      await abandon(streams);
      throw error;
    }
    return this.open(parts, goesOn);
  }

  async end(): Promise<void> {
    for (const participant of [...this.#open]) this.#end(participant, "COMMIT");
    await Promise.all(this.#ends);
  }

  /** A new snapshot everywhere, until they agree. */
  async #agree(first: readonly Missing[]): Promise<void> {
    for (let missing = first; missing.length > 0; ) {
      await this.#patience.wait(missing);
      for (const participant of [...this.#open]) this.#end(participant, "ROLLBACK");
      missing = await this.#snapshots([], undefined);
    }
  }

  /** Opens a snapshot on each shard and sends the queries behind it. */
  async #snapshots(streams: readonly ShardRows[], goesOn: Participant | undefined): Promise<Missing[]> {
    const closedBefore = this.#patience.closed;
    const lists = this.#participants.map((participant): Promise<Observation> => {
      const { connection } = participant.lease;
      connection.cork();
      participant.run("BEGIN ISOLATION LEVEL REPEATABLE READ").catch(() => {});
      this.#open.add(participant);
      const list = this.#mustAgree ? askVisibleCommits(participant) : Promise.resolve(nothingVisible);
      if (streams.length > 0) this.#run(participant, streams, goesOn);
      connection.uncork();
      return list.then((visible) => ({ shard: participant.shard, closedBefore, before: visible, after: visible }));
    });
    const observations = await allOrFirstError(lists);
    this.#patience.learn(observations);
    return missingCommits(observations);
  }

  #run(participant: Participant, streams: readonly ShardRows[], goesOn: Participant | undefined): void {
    if (!this.#open.has(participant)) return;
    const { connection } = participant.lease;
    connection.cork();
    for (const stream of streams) if (stream.participant === participant) stream.run();
    if (participant !== goesOn) this.#end(participant, "COMMIT");
    connection.uncork();
  }

  #end(participant: Participant, command: "COMMIT" | "ROLLBACK"): void {
    this.#open.delete(participant);
    this.#ends.push(participant.run(command).catch(() => {}));
  }
}

class BlockView implements StatementView {
  readonly #patience: Patience;
  readonly #mayRepeat: boolean;
  /** What was read before. */
  readonly #observations: Observation[] = [];
  #portals = 0;

  constructor(patience: Patience, mayRepeat: boolean) {
    this.#patience = patience;
    this.#mayRepeat = mayRepeat;
  }

  async begin(): Promise<void> {}

  async open(parts: readonly ShardPart[]): Promise<readonly ShardRows[]> {
    const portals = parts.map(() => `shardgres_${this.#portals++}`);
    // At first it is hoped for the best; later only the lists are asked for until they agree.
    for (let executes = this.#mayRepeat; ; executes = false) {
      const streams = parts.map((part) => part.stream());
      const observations = await this.#bind(streams, portals, executes).catch(async (error: unknown) => {
        if (executes) await abandon(streams, false);
        throw error;
      });
      this.#patience.learn(observations);
      const missing = missingCommits([...this.#observations, ...observations]);
      if (missing.length === 0) {
        this.#observations.push(...observations);
        if (!executes) for (const [i, stream] of streams.entries()) stream.execute(portals[i]!);
        return streams;
      }
      // A cancelled query would fail the transaction.
      if (executes) await abandon(streams, false);
      if (missing.some(({ observation }) => this.#observations.includes(observation))) {
        throw new StatementOutdated(missing);
      }
      await this.#patience.wait(missing);
    }
  }

  async end(): Promise<void> {}

  #bind(streams: readonly ShardRows[], portals: readonly string[], executes: boolean): Promise<Observation[]> {
    const participants = new Set(streams.map(({ participant }) => participant));
    const closedBefore = this.#patience.closed;
    const since = commonlyClosed(this.#observations);
    const observations = [...participants].map(async (participant): Promise<Observation> => {
      const own = [...streams.entries()].filter(([, stream]) => stream.participant === participant);
      const { connection } = participant.lease;
      connection.cork();
      const before = askVisibleCommits(participant, since);
      for (const [i, stream] of own) stream.bind(portals[i]!);
      const after = askVisibleCommits(participant, since);
      if (executes) for (const [i, stream] of own) stream.execute(portals[i]!);
      connection.uncork();
      // Where Bind has failed the list behind it fails as well, and the stream knows the true reason.
      const [first, second] = await Promise.allSettled([before, after]);
      const reason = own.map(([, stream]) => stream.error).find((error) => error !== undefined);
      if (reason !== undefined) throw reason;
      if (first.status === "rejected") throw first.reason;
      if (second.status === "rejected") throw second.reason;
      return { shard: participant.shard, closedBefore, before: first.value, after: second.value };
    });
    return allOrFirstError(observations);
  }
}

const graceMs = 20;

/** Throws the rows away; a query that takes long is cancelled, if it may be. Resolves when the connections are free. */
async function abandon(streams: readonly ShardRows[], mayCancel = true): Promise<void> {
  const grace = new AbortController();
  const closing = Promise.all(streams.map((stream) => stream.close(false))).finally(() => grace.abort());
  if (mayCancel) {
    await Promise.race([closing, delay(graceMs, grace.signal).catch(() => {})]);
    for (const { isEnded, participant } of streams) if (!isEnded) participant.lease.connection.cancel();
  }
  await closing;
  const cancelled = streams.map(
    ({ participant }) => new Promise<void>((resolve) => participant.lease.connection.afterCancel(resolve)),
  );
  await Promise.all(cancelled);
}

/** Waits for all, so that nothing is under way when it rejects. */
async function allOrFirstError<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
