// Closes what gateways that are gone have left open, and deletes old records, in one database of all shards. A living
// gateway says by itself up to which of its transactions all are finished (table shardgres.origins); readers look only at
// the records behind that. A gateway that died cannot say it, so it is found out here:
//
//   committed, nothing prepared     it is committed everywhere: finished
//   aborted on every shard          it never happens: finished
//   prepared                        the resolver ends it: later
//   anything else                   may still be committed: an abort record takes its place on every shard, since nothing
//                                   says which is its keeper. It needs no proof that the gateway is dead: where it is
//                                   alive and records its commit first, the primary key keeps the abort record out; where
//                                   it comes second, it is the one refused
//
// Records are read before the prepared transactions: of a transaction that has been decided, every other part is prepared
// until it is committed, so none is overlooked. And what has been read must survive the shards' primaries before others are
// told that it is closed, for then it is forgotten.
import { retiredClosed } from "../catalog/transaction-schema.ts";
import type { AdminQuery } from "../pool/admin-connections.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { acknowledgedByAll } from "./acknowledged.ts";
import { isClientOrigin } from "./client-prepared.ts";
import { formatGid, parseGid } from "./gid.ts";
import { preparedOnShard } from "./prepared-transactions.ts";

export interface CloseContext {
  readonly clusterId: string;
  readonly database: string;
  /** All of the cluster. */
  readonly shards: readonly ShardName[];
  readonly ask: AdminQuery;
  /** A gateway that has announced nothing for so long has no news or is gone. */
  readonly silentSeconds: number;
  /** One that has announced nothing for so long is gone for good. */
  readonly retireSeconds: number;
  /** Records are kept for so long, for those who ask what has become of a transaction. */
  readonly keepSeconds: number;
}

export interface CloseReport {
  /** Origins that are closed further than before. */
  readonly closed: number;
  /** Transactions whose place an abort record has taken. */
  readonly filled: number;
}

/** One shard's view of one origin. */
interface OriginOnShard {
  readonly shard: ShardName;
  readonly closed: number;
  /** Highest number of a record; 0: there is none. */
  readonly last: number;
  readonly silentSeconds: number;
  readonly hasOld: boolean;
}

/** So many gaps of an origin are filled at a time. */
const gapsMax = 10_000;

/** Origins are those with records or an announcement; each is looked up in the index, whatever the number of records. */
const originsSql = `
with recursive recorded (origin) as (
  (select origin from shardgres.commits order by origin limit 1)
  union all
  select (select c.origin from shardgres.commits c where c.origin > r.origin order by c.origin limit 1)
  from recorded r where r.origin is not null
), known as (
  select origin from recorded where origin is not null union select origin from shardgres.origins
)
select k.origin, coalesce(o.closed, 0), coalesce(last.number, 0),
  date_part('epoch', clock_timestamp() - greatest(o.announced_at, last.recorded_at)),
  coalesce(first.recorded_at < clock_timestamp() - make_interval(secs => $1), false) and first.number <= o.closed
from known k
left join shardgres.origins o using (origin)
left join lateral (
  select number, recorded_at from shardgres.commits c where c.origin = k.origin order by number desc limit 1
) last on true
left join lateral (
  select number, recorded_at from shardgres.commits c where c.origin = k.origin order by number limit 1
) first on true`;

/**
 * Rejects when a shard does not answer, for without all of them nothing can be said; or when an origin could not be closed,
 * after the others have been.
 */
export async function closeOrigins(context: CloseContext): Promise<CloseReport> {
  const report = { closed: 0, filled: 0 };
  const failures: unknown[] = [];
  for (const [origin, views] of await readOrigins(context)) {
    try {
      if (await isRetired(context, origin, views)) continue;
      const { filled, closedUpTo } = await closeOrigin(context, origin, views);
      report.filled += filled;
      if (closedUpTo !== undefined) report.closed++;
      await prune(context, origin, views, closedUpTo);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return report;
}

/**
 * Every reader looks at every origin, so the row of a gateway that is gone has to go as well: once every shard says the same
 * as if there were no row, it does not matter in which order the rows go. A gateway that comes back after so long a time
 * takes another origin.
 */
async function isRetired(
  { shards, database, ask, retireSeconds }: CloseContext,
  origin: string,
  views: readonly OriginOnShard[],
): Promise<boolean> {
  if (views.every(({ closed }) => closed === retiredClosed)) {
    const sql = "delete from shardgres.origins where origin = $1 and closed = $2";
    await Promise.all(views.map(({ shard }) => ask(shard, database, sql, [origin, retiredClosed])));
    return true;
  }
  const isBegun = views.some(({ closed }) => closed === retiredClosed);
  const isOver = views.every((view) => view.silentSeconds > retireSeconds && view.last === 0);
  const isClosed = views.length === shards.length && views.every(({ closed }) => closed === views[0]?.closed);
  if (!isBegun && !(isOver && isClosed)) return false;
  await Promise.all(views.map(({ shard }) => ask(shard, database, "select shardgres.retire($1)", [origin])));
  return true;
}

async function readOrigins(context: CloseContext): Promise<Map<string, OriginOnShard[]>> {
  const { shards, database, ask, keepSeconds } = context;
  const origins = new Map<string, OriginOnShard[]>();
  await Promise.all(
    shards.map(async (shard) => {
      for (const [origin, closed, last, silent, hasOld] of await ask(shard, database, originsSql, [keepSeconds])) {
        // What clients have prepared is forgotten in its own way (tidy-client-origins.ts).
        if (isClientOrigin(origin ?? "")) continue;
        const views = origins.get(origin ?? "") ?? [];
        origins.set(origin ?? "", views);
        const view = { closed: Number(closed), last: Number(last), silentSeconds: Number(silent) };
        views.push({ shard, ...view, hasOld: hasOld === "t" });
      }
    }),
  );
  return origins;
}

async function closeOrigin(
  context: CloseContext,
  origin: string,
  views: readonly OriginOnShard[],
): Promise<{ readonly filled: number; readonly closedUpTo: number | undefined }> {
  if (views.some(({ silentSeconds }) => silentSeconds < context.silentSeconds)) {
    return { filled: 0, closedUpTo: undefined };
  }
  // What one shard knows to be closed is closed on all.
  const closed = Math.max(...views.map((view) => view.closed));
  const last = Math.max(closed, ...views.map((view) => view.last));
  const decided = await decidedNumbers(context, origin, closed, last);
  const prepared = await preparedNumbers(context, origin);
  const top = Math.max(last, ...prepared);
  const gaps: number[] = [];
  for (let number = closed + 1; number <= top && gaps.length < gapsMax; number++) {
    if (!decided.has(number) && !prepared.has(number)) gaps.push(number);
  }
  if (gaps.length > 0) {
    await fill(context, origin, gaps);
    // Whether the abort records have come first shows in the next pass.
    return { filled: gaps.length, closedUpTo: undefined };
  }
  const { shards, ask, database } = context;
  const isTold = views.length === shards.length && views.every((view) => view.closed === top);
  if (prepared.size > 0 || isTold) return { filled: 0, closedUpTo: undefined };
  await acknowledgedByAll(ask, shards, database);
  // Readers who do not find the origin on a shard have to ask twice.
  await Promise.all(shards.map((shard) => ask(shard, database, "select shardgres.announce($1, $2)", [origin, top])));
  return { filled: 0, closedUpTo: top };
}

/** Numbers that are decided for ever: committed by anyone, or aborted on every shard that could be the keeper. */
async function decidedNumbers(
  { shards, database, ask }: CloseContext,
  origin: string,
  after: number,
  upTo: number,
): Promise<Set<number>> {
  if (after === upTo) return new Set();
  const sql = "select number, outcome from shardgres.commits where origin = $1 and number > $2 and number <= $3";
  const answers = await Promise.all(shards.map((shard) => ask(shard, database, sql, [origin, after, upTo])));
  const decided = new Set<number>();
  const aborts = new Map<number, number>();
  for (const [text, outcome] of answers.flat()) {
    const number = Number(text);
    const count = (aborts.get(number) ?? 0) + 1;
    if (outcome === "aborted") aborts.set(number, count);
    if (outcome === "committed" || count === shards.length) decided.add(number);
  }
  return decided;
}

async function preparedNumbers(
  { clusterId, shards, database, ask }: CloseContext,
  origin: string,
): Promise<Set<number>> {
  const answers = await Promise.all(shards.map((shard) => preparedOnShard(ask, shard)));
  const numbers = new Set<number>();
  for (const transaction of answers.flatMap(({ prepared }) => prepared)) {
    const gid = parseGid(transaction.gid);
    const isOfOrigin = gid?.clusterId === clusterId && gid.origin === origin && transaction.database === database;
    if (gid !== undefined && isOfOrigin) numbers.add(gid.number);
  }
  return numbers;
}

/** Rejects when a record that is being written keeps the place for more than a moment: a later pass looks again. */
async function fill(
  { clusterId, shards, database, ask }: CloseContext,
  origin: string,
  numbers: readonly number[],
): Promise<void> {
  const sql = `
    with patience as materialized (select set_config('lock_timeout', '2s', true))
    insert into shardgres.commits (origin, number, gid, participants, outcome)
    select $1, gap.number, gap.gid, '{}', 'aborted'
    from patience, unnest($2::bigint[], $3::text[]) as gap (number, gid)
    on conflict do nothing`;
  await Promise.all(
    shards.map((shard) => {
      const gids = numbers.map((number) => formatGid({ clusterId, origin, number, keeper: shard }));
      return ask(shard, database, sql, [origin, numbers, gids]);
    }),
  );
}

/** Only what all shards know to be closed: a snapshot of any shard shows either the record or that it is closed. */
async function prune(
  { database, ask, keepSeconds }: CloseContext,
  origin: string,
  views: readonly OriginOnShard[],
  closedUpTo: number | undefined,
): Promise<void> {
  const closedEverywhere = closedUpTo ?? Math.min(...views.map(({ closed }) => closed));
  const sql = "select shardgres.prune($1, $2, make_interval(secs => $3))";
  await Promise.all(
    views.map(({ shard, hasOld }) =>
      hasOld ? ask(shard, database, sql, [origin, closedEverywhere, keepSeconds]) : undefined,
    ),
  );
}
