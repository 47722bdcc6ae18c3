// What one gateway knows about its distributed transactions in one database: which are under way, and up to which number
// all are finished. The latter is announced to the shards, so that readers need not look at old records.
import { backoff } from "../base/backoff.ts";
import { errorCode } from "../base/error-code.ts";
import type { Log } from "../base/log.ts";
import type { AdminQuery } from "../pool/admin-connections.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { recordCommitSql } from "./commit-record.ts";
import { FinishPrepared } from "./finish-prepared.ts";
import { formatGid } from "./gid.ts";
import type { HelpCommit } from "./patience.ts";
import { resolvePart } from "./resolve.ts";

export interface CoordinatorOptions {
  readonly clusterId: string;
  readonly origin: string;
  /** Another one, for when this one has been retired. */
  readonly nextOrigin: () => string;
  readonly database: string;
  /** Counts for all databases of the gateway: a gid is unique in the whole cluster. */
  readonly nextNumber: () => number;
  /** Of the cluster, from shardgres.cluster_secret. */
  readonly secret: string;
  readonly ask: AdminQuery;
  readonly shards: () => Iterable<ShardName>;
  readonly log: Log;
}

/** A shard is told anew before the next commit when that is so long ago: origins that say nothing for a day are retired. */
const toldForMs = 10 * 60_000;
/** Code of `announce` for a retired origin. */
const notInPrerequisiteState = "55000";

interface Told {
  readonly closed: number;
  /** It has been told twice: from then on the shard does not list what is closed any more. */
  readonly isRepeated: boolean;
  readonly at: number;
}

/** One distributed commit under way. */
export interface DistributedCommit {
  readonly gid: string;
  readonly keeper: ShardName;
  /** Writes the record of the commit; part of every participant's transaction. */
  readonly recordSql: string;
  /** To be called once: nothing of it is prepared anywhere any more, and nothing will be. */
  finished(): void;
}

const announceEveryMs = 100;
/** A shard that is further behind is told before the next commit, so that nobody ever has to close a longer gap. */
const behindMax = 10_000;

export class Coordinator {
  readonly finish: FinishPrepared;
  #options: CoordinatorOptions;
  /** Numbers of transactions that are not finished. */
  #underWay = new Set<number>();
  #last = 0;
  #origin: string;
  /** What each shard has been told last; a shard that is not here does not know that the gateway exists. */
  #told = new Map<ShardName, Told>();
  #timers = new Map<ShardName, NodeJS.Timeout>();
  #pauses = new Map<ShardName, ReturnType<typeof backoff>>();
  #isClosed = false;

  constructor(options: CoordinatorOptions) {
    this.#options = options;
    this.#origin = options.origin;
    this.finish = new FinishPrepared(options.database, options.ask, options.log);
  }

  get options(): CoordinatorOptions {
    return this.#options;
  }

  get database(): string {
    return this.#options.database;
  }

  /** Everything up to this number is finished on every shard. */
  get closed(): number {
    let closed = this.#last;
    for (const number of this.#underWay) if (number <= closed) closed = number - 1;
    return closed;
  }

  /**
   * Rejects when a participant cannot be told of the gateway's existence; nothing is under way then. Numbers that other
   * databases have been given meanwhile are closed in this one: it is told that as well, or else whoever closes what this
   * gateway leaves behind would have to look for each of them.
   */
  async begin(keeper: ShardName, others: readonly ShardName[]): Promise<DistributedCommit> {
    const participants = [keeper, ...others];
    const { clusterId, nextNumber, secret } = this.#options;
    const number = nextNumber();
    this.#last = number;
    this.#underWay.add(number);
    try {
      await this.#introduce(participants).catch((error: unknown) => {
        if (errorCode(error) !== notInPrerequisiteState) throw error;
        this.#origin = this.#options.nextOrigin();
        this.#told.clear();
        return this.#introduce(participants);
      });
    } catch (error) {
      this.#underWay.delete(number);
      throw error;
    }
    const origin = this.#origin;
    const gid = formatGid({ clusterId, origin, number, keeper });
    return {
      gid,
      keeper,
      recordSql: recordCommitSql(gid, participants, secret),
      finished: () => {
        this.#underWay.delete(number);
        for (const shard of this.#options.shards()) this.#announceSoon(shard, announceEveryMs);
      },
    };
  }

  async #introduce(participants: readonly ShardName[]): Promise<void> {
    const { closed } = this;
    const mustBeTold = (shard: ShardName) => {
      const told = this.#told.get(shard);
      return told === undefined || closed - told.closed > behindMax || Date.now() - told.at > toldForMs;
    };
    await Promise.all(participants.map((shard) => mustBeTold(shard) && this.#tell(shard)));
  }

  /** What a shard has been told may be lost together with its primary, where commits wait for no standby. */
  tellAnew(shard: ShardName): void {
    this.#told.delete(shard);
  }

  /**
   * For readers that have seen a commit on one shard and miss it on another. What they have seen may be in no standby's WAL
   * yet, so the keeper is asked.
   */
  readonly help: HelpCommit = (shard, { origin, number, participants }) => {
    const { clusterId, database, ask } = this.#options;
    const [keeper] = participants;
    if (keeper === undefined) return;
    const gid = formatGid({ clusterId, origin, number, keeper });
    void resolvePart({ shard, database, gid, owner: "", ageSeconds: 0 }, { ask });
  };

  /** No more announcements; what is under way is left to the resolver. */
  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.finish.close();
  }

  /** Each shard on its own: one that is not there is told later, and holds up no other. */
  #announceSoon(shard: ShardName, delayMs: number): void {
    if (this.#isClosed || this.#timers.has(shard)) return;
    const announce = async () => {
      const isTold = await this.#tell(shard).then(
        () => true,
        () => false,
      );
      this.#timers.delete(shard);
      const told = this.#told.get(shard);
      if (isTold) this.#pauses.delete(shard);
      if (told?.closed !== this.closed || !told.isRepeated) {
        this.#announceSoon(shard, isTold ? announceEveryMs : this.#pauseOf(shard));
      }
    };
    this.#timers.set(shard, setTimeout(() => void announce(), delayMs).unref());
  }

  #pauseOf(shard: ShardName): number {
    const pause = this.#pauses.get(shard) ?? backoff({ firstMs: announceEveryMs });
    this.#pauses.set(shard, pause);
    return pause.next();
  }

  async #tell(shard: ShardName): Promise<void> {
    const { ask, database } = this.#options;
    const { closed } = this;
    await ask(shard, database, "SELECT shardgres.announce($1, $2)", [this.#origin, closed]);
    const isRepeated = this.#told.get(shard)?.closed === closed;
    this.#told.set(shard, { closed, isRepeated, at: Date.now() });
  }
}
