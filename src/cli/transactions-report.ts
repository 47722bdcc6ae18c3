// What `shardgres transactions` prints.
import { ageText } from "../base/age-text.ts";
import type { ListedTransaction } from "../transaction/list-transactions.ts";
import type { Resolution } from "../transaction/resolve.ts";

/**
 * Ids are long: each has a line for itself, and what is known of it the next. `isWhole`: all shards have answered; else
 * that nothing is listed means nothing.
 */
export function listText(transactions: readonly ListedTransaction[], isWhole: boolean): string {
  if (transactions.length === 0) return isWhole ? "no transaction is prepared on any shard\n" : "";
  return transactions
    .map(({ gid, state, shards, keeper, ageSeconds, database, owner }) => {
      const where = `prepared on ${shards.join(", ")}${keeper === undefined ? "" : `, keeper ${keeper}`}`;
      const facts = `${state === "prepared" ? "by a client" : state}, ${ageText(ageSeconds)}, ${where}`;
      return `${gid}\n  ${facts}\n  database ${database}, owner ${owner}\n`;
    })
    .join("\n");
}

export function listJson(transactions: readonly ListedTransaction[]): string {
  return `${JSON.stringify(transactions, undefined, 2)}\n`;
}

/** What has become of one part; `reason` says why nothing has. */
export function resolutionText({ gid, shard, outcome }: Resolution, reason: string): string {
  const done = outcome === undefined ? `stays in doubt: ${reason}` : outcome === "committed" ? outcome : "rolled back";
  return `${gid}\n  on ${shard}: ${done}\n`;
}
