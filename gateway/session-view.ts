// How a query over several shards sees them together, and how much it may gather, by what the session has set and begun.
import type { ViewKind } from "../src/executor/statement-view.ts";
import { refuse } from "../src/planner/refuse.ts";
import type { ReadOptions } from "../src/pool/read-options.ts";
import { isSettingOff } from "../src/transaction/isolation.ts";
import type { SessionTransaction } from "../src/transaction/session-transaction.ts";
import type { Session } from "./session.ts";

/**
 * `questions`: so many in all, to so many shards. `read`: of who may ask standbys. Throws SG086 where the session asks for SERIALIZABLE
 * over several shards.
 */
export function viewKind(
  { transaction }: Session,
  shards: number,
  questions: number,
  read: ReadOptions | undefined,
): ViewKind {
  if (questions < 2) return "plain";
  // Standbys are behind, each as far as it happens to be: they could agree about nothing.
  if (read !== undefined) return questions > shards ? "each" : "plain";
  if (transaction.isOnStandbys) return "plain";
  if (transaction.isolation === "serializable") {
    if (shards > 1) checkSerializable(transaction);
    return "plain";
  }
  if (isSettingOff(transaction.setting("shardgres.atomic_reads"))) return "plain";
  if (transaction.status !== "open") return "statement";
  // What one shard commits alone is in nobody's list: a list of commits would tell nothing.
  if (shards < 2) return "plain";
  return transaction.isolation === "read committed" ? "block" : "plain";
}

/** Throws SG086 unless the session has said that it knows what SERIALIZABLE means over several shards. */
export function checkSerializable(transaction: SessionTransaction): void {
  const allowed = transaction.setting("shardgres.serializable")?.replaceAll(/['"\s]/g, "");
  if (allowed?.toLowerCase() !== "per_shard") throw refuse("SG086");
}

/** `shardgres.max_gathered_rows`. */
export function maxGatheredRows(transaction: SessionTransaction): number {
  const value = transaction.setting("shardgres.max_gathered_rows");
  const count = value === undefined ? Number.NaN : Number(value.replaceAll("'", ""));
  return Number.isFinite(count) ? count : 1_000_000;
}
