// Whoever forgets a prepared transaction hears of it before PostgreSQL suffers: it keeps its locks, vacuum cannot clean up
// behind it, in the end the server stops to save itself from wraparound, and its place is missing to others.
import { isClientPart } from "../transaction/client-prepared.ts";
import { parseGid } from "../transaction/gid.ts";
import type { PreparedOnShard, PreparedTransaction } from "../transaction/prepared-transactions.ts";

export interface PreparedWarning {
  /** The same for the same trouble, so that it need not be told every second. */
  readonly key: string;
  readonly message: string;
  /** What to do about it, as sentences. */
  readonly hint: string;
  readonly shard: string;
  /** The worst one. */
  readonly gid: string;
  readonly database: string;
  readonly owner: string;
  readonly ageSeconds: number;
  readonly xminAge: number;
  /** How many more transactions of the shard are in the same trouble. */
  readonly others: number;
}

const ageSecondsMax = 300;
const xminAgeShareMax = 0.1;
const slotsShareMax = 0.8;

export function preparedWarnings(onShard: PreparedOnShard, clusterId: string): readonly PreparedWarning[] {
  const { shard, prepared, slots, freezeMaxAge } = onShard;
  const warnings: PreparedWarning[] = [];
  const warn = (trouble: string, concerned: readonly PreparedTransaction[], message: string, hint = "") => {
    const worst = concerned[0];
    if (worst === undefined) return;
    const { gid, database, owner, xminAge } = worst;
    const ageSeconds = Math.round(worst.ageSeconds);
    const facts = { shard, gid, database, owner, ageSeconds, xminAge, others: concerned.length - 1 };
    const sentences = hint + whatToDo(worst, clusterId);
    warnings.push({ key: `${trouble} ${shard} ${gid}`, message, hint: sentences, ...facts });
  };
  const byAge = prepared.toSorted((a, b) => b.ageSeconds - a.ageSeconds);
  const byXmin = prepared.toSorted((a, b) => b.xminAge - a.xminAge);

  const old = byAge.filter(({ ageSeconds }) => ageSeconds > ageSecondsMax);
  const minutes = Math.floor((old[0]?.ageSeconds ?? 0) / 60);
  warn("age", old, `a transaction on shard ${shard} has been prepared for ${minutes} minutes and keeps its locks`);

  const holding = byXmin.filter(({ xminAge }) => xminAge > freezeMaxAge * xminAgeShareMax);
  const percent = Math.floor((100 * (holding[0]?.xminAge ?? 0)) / freezeMaxAge);
  const reached = `${percent} % of autovacuum_freeze_max_age`;
  warn("xmin", holding, `a prepared transaction on shard ${shard} holds back vacuum: its age is ${reached}`);

  const isFull = prepared.length > slots * slotsShareMax;
  const used = `${prepared.length} of ${slots} places for prepared transactions are taken on shard ${shard}`;
  const more = "If that is how many are needed, raise max_prepared_transactions. ";
  warn("slots", isFull ? byAge : [], used, more);
  return warnings;
}

function whatToDo({ gid, database, owner, shard }: PreparedTransaction, clusterId: string): string {
  const ours = parseGid(gid);
  if (ours?.clusterId === clusterId && isClientPart(gid)) {
    return `A client has prepared it; shard ${ours.keeper} lists it under the client's own name.`;
  }
  if (ours?.clusterId === clusterId) {
    const waits = ours.keeper === shard ? "" : ` as soon as its keeper, shard ${ours.keeper}, answers`;
    return `The controller ends it by itself${waits}; "shardgres transactions resolve" says what is in the way.`;
  }
  const id = `'${gid.replaceAll("'", "''")}'`;
  return `It is not Shardgres' own. If whoever prepared it is gone: COMMIT PREPARED ${id} or ROLLBACK PREPARED ${id} in database ${database} as role ${owner}.`;
}
