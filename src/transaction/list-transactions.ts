// The transactions that are prepared somewhere, each once, with what is known of its fate: for people who ask.
import type { AdminQuery } from "../pool/admin-connections.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { isClientsSql } from "./client-prepared.ts";
import { parseGid } from "./gid.ts";
import { type PreparedTransaction, preparedOnShard } from "./prepared-transactions.ts";

/**
 *   in doubt    no decision yet: under way, or its gateway is gone and the controller is about to decide
 *   committing  decided and not finished: it is committed, but some shards do not show it yet
 *   aborting    decided and not finished: it never happens
 *   unknown     its keeper does not answer
 *   prepared    by a client or another program, who is to end it
 */
export type TransactionState = "in doubt" | "committing" | "aborting" | "unknown" | "prepared";

export interface ListedTransaction {
  readonly gid: string;
  readonly database: string;
  /** Where it is prepared. */
  readonly shards: readonly ShardName[];
  /** The shard that has the decision; undefined: it is not Shardgres' own. */
  readonly keeper: ShardName | undefined;
  readonly state: TransactionState;
  /** Since the first shard has prepared it. */
  readonly ageSeconds: number;
  readonly owner: string;
}

export interface TransactionList {
  /** The oldest first. */
  readonly transactions: readonly ListedTransaction[];
  /** Shards that do not answer: what is prepared there is not listed. */
  readonly silent: readonly { readonly shard: ShardName; readonly reason: unknown }[];
}

export interface ListContext {
  readonly clusterId: string;
  readonly shards: Iterable<ShardName>;
  readonly ask: AdminQuery;
}

/** Never rejects. */
export async function listTransactions({ clusterId, shards, ask }: ListContext): Promise<TransactionList> {
  const silent: TransactionList["silent"][number][] = [];
  const answers = await Promise.all(
    [...shards].map((shard) =>
      preparedOnShard(ask, shard).catch((reason: unknown) => {
        silent.push({ shard, reason });
        return undefined;
      }),
    ),
  );
  const parts = answers.flatMap((answer) => answer?.prepared ?? []);
  const found = byTransaction(parts, clusterId);
  return { transactions: await withStates(found, ask), silent };
}

type Found = Omit<ListedTransaction, "state">;

/** Gids of one cluster are the same on all shards; those of others mean nothing to each other but are told the same way. */
function byTransaction(parts: readonly PreparedTransaction[], clusterId: string): Found[] {
  const found = new Map<string, Found>();
  for (const { shard, gid, database, owner, ageSeconds } of parts) {
    const key = JSON.stringify([gid, database]);
    const before = found.get(key);
    if (before !== undefined) {
      const longest = Math.max(before.ageSeconds, ageSeconds);
      found.set(key, { ...before, shards: [...before.shards, shard], ageSeconds: longest });
      continue;
    }
    const ours = parseGid(gid);
    const keeper = ours?.clusterId === clusterId ? ours.keeper : undefined;
    found.set(key, { gid, database, shards: [shard], keeper, ageSeconds, owner });
  }
  return [...found.values()].sort((a, b) => b.ageSeconds - a.ageSeconds);
}

/** What a client has prepared is his as long as it is prepared at home. */
const statusSql = `
select asked.gid, case when exists (
    select from pg_catalog.pg_prepared_xacts p where ${isClientsSql("asked.gid")}
  ) then 'prepared' else shardgres.transaction_status(asked.gid) end
from unnest($1::text[]) asked (gid)`;

/** Each keeper is asked once for each database. */
async function withStates(found: readonly Found[], ask: AdminQuery): Promise<ListedTransaction[]> {
  const questions = Map.groupBy(found, ({ keeper, database }) => JSON.stringify([keeper, database]));
  const states = new Map<string, TransactionState>();
  await Promise.all(
    [...questions.values()].map(async (asked) => {
      const { keeper, database } = asked[0]!;
      if (keeper === undefined) return;
      const gids = asked.map(({ gid }) => gid);
      const rows = await ask(keeper, database, statusSql, [gids]).catch(() => []);
      for (const [gid, status] of rows) states.set(gid ?? "", stateOf(status ?? ""));
    }),
  );
  return found.map((transaction) => {
    const state = transaction.keeper === undefined ? "prepared" : (states.get(transaction.gid) ?? "unknown");
    return { ...transaction, state };
  });
}

/** `status`: as shardgres.transaction_status says, or 'prepared'. */
function stateOf(status: string): TransactionState {
  switch (status) {
    case "committed":
      return "committing";
    case "aborted":
      return "aborting";
    case "prepared":
      return "prepared";
    case "in progress":
      return "in doubt";
    default:
      return "unknown";
  }
}
