// Ends prepared transactions whose outcome is decided, with Shardgres' own rights, and does not give up: the shard may be
// away, or the participant's connection lost. Also asks a keeper for the decision when nobody knows it.
import { backoff } from "../base/backoff.ts";
import { delayUnlessAborted } from "../base/delay.ts";
import { errorCode } from "../base/error-code.ts";
import type { Log } from "../base/log.ts";
import type { AdminQuery } from "../pool/admin-connections.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { acknowledged, lockTimeout } from "./acknowledged.ts";

export type Outcome = "committed" | "aborted";

const undefinedObject = "42704";
/** Somebody else is just ending it. */
const notInPrerequisiteState = "55000";

/**
 * Rejects when the shard cannot be asked. Whoever else has ended the transaction meanwhile did the same, but may not have
 * waited for the standbys.
 */
export async function finishPreparedNow(
  ask: AdminQuery,
  shard: ShardName,
  database: string,
  gid: string,
  outcome: Outcome,
): Promise<void> {
  try {
    await ask(shard, database, `${outcome === "committed" ? "COMMIT" : "ROLLBACK"} PREPARED '${gid}'`);
  } catch (error) {
    if (errorCode(error) !== undefinedObject) throw error;
    await acknowledged(ask, shard, database);
  }
}

const decideSql = `
  WITH patience AS MATERIALIZED (SELECT pg_catalog.set_config('lock_timeout', '${lockTimeout}', true))
  SELECT shardgres.decide($1) FROM patience`;

/**
 * Asked on the keeper; where there is no decision yet, this makes it: aborted. Rejects when the keeper cannot be asked, or
 * when its standbys do not acknowledge the decision.
 */
export async function decide(ask: AdminQuery, keeper: ShardName, database: string, gid: string): Promise<Outcome> {
  const [row] = await ask(keeper, database, decideSql, [gid]);
  const outcome = row?.[0];
  if (outcome === "committed" || outcome === "aborted") return outcome;
  throw new Error(`shard "${keeper}" says of transaction ${gid}: ${outcome}`);
}

export class FinishPrepared {
  #database: string;
  #ask: AdminQuery;
  #log: Log;
  #closing = new AbortController();

  constructor(database: string, ask: AdminQuery, log: Log) {
    this.#database = database;
    this.#ask = ask;
    this.#log = log;
  }

  /** Resolves when the transaction is not prepared there any more, or with false when the gateway ends before. */
  finish(shard: ShardName, gid: string, outcome: Outcome): Promise<boolean> {
    return this.#insist(`${outcome} ${gid} on ${shard}`, () =>
      finishPreparedNow(this.#ask, shard, this.#database, gid, outcome),
    ).then((done) => done !== undefined);
  }

  /** Resolves with the decision, or with undefined when the gateway ends before. */
  decide(keeper: ShardName, gid: string): Promise<Outcome | undefined> {
    return this.#insist(`decide ${gid} on ${keeper}`, () => decide(this.#ask, keeper, this.#database, gid)).then(
      (done) => done?.value,
    );
  }

  close(): void {
    this.#closing.abort();
  }

  async #insist<T>(what: string, work: () => Promise<T>): Promise<{ readonly value: T } | undefined> {
    const pause = backoff({ firstMs: 20, maxMs: 2_000 });
    const { signal } = this.#closing;
    let hasComplained = false;
    while (!signal.aborted) {
      try {
        return { value: await work() };
      } catch (error) {
        if (!hasComplained && errorCode(error) !== notInPrerequisiteState) {
          this.#log.warn({ err: error, what }, "a transaction cannot be ended yet; trying again");
          hasComplained = true;
        }
        await delayUnlessAborted(pause.next(), signal);
      }
    }
    return undefined;
  }
}
