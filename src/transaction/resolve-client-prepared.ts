// Ends what is left of transactions that clients have prepared. A part is the client's as long as home's part is prepared:
// then nobody touches it, however old it is. Else home has the decision, as the keeper of any other transaction.
import type { AdminQuery } from "../pool/admin-connections.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { notifyCatalogSql } from "./catalog-channel.ts";
import { joinWrittenTablesSql } from "./client-prepared.ts";
import { finishPreparedNow, type Outcome } from "./finish-prepared.ts";
import { parseGid } from "./gid.ts";
import type { PreparedPart, Resolution } from "./resolve.ts";

/**
 * Ends one part by the rule; undefined: the client has it. Never rejects. `isAcknowledged`: home has answered COMMIT
 * PREPARED, so its record need not be waited for once more.
 */
export async function resolveClientPart(
  part: PreparedPart,
  { ask, isAcknowledged = false }: { readonly ask: AdminQuery; readonly isAcknowledged?: boolean },
): Promise<Resolution | undefined> {
  const { shard, database, gid } = part;
  const { keeper } = parseGid(gid)!;
  try {
    const question = isAcknowledged ? "transaction_status" : "decide_unless_prepared";
    const outcome = await outcomeAtHome(ask, keeper, database, gid, question);
    if (outcome === undefined) return undefined;
    const changesCatalog = outcome === "committed" && (await hasChangedCatalog(ask, shard, database, gid));
    await finishPreparedNow(ask, shard, database, gid, outcome);
    if (changesCatalog) await ask(keeper, database, notifyCatalogSql);
    return { ...part, outcome };
  } catch (reason) {
    return { ...part, outcome: undefined, reason };
  }
}

/** undefined: it is prepared at home, or about to be. */
export function decideUnlessPrepared(
  ask: AdminQuery,
  home: ShardName,
  database: string,
  gid: string,
): Promise<Outcome | undefined> {
  return outcomeAtHome(ask, home, database, gid, "decide_unless_prepared");
}

async function outcomeAtHome(
  ask: AdminQuery,
  home: ShardName,
  database: string,
  gid: string,
  question: "decide_unless_prepared" | "transaction_status",
): Promise<Outcome | undefined> {
  const [row] = await ask(home, database, `SELECT shardgres.${question}($1)`, [gid]);
  const outcome = row?.[0];
  if (outcome === "committed" || outcome === "aborted") return outcome;
  if (outcome === "prepared" || outcome === "in progress") return undefined;
  throw new Error(`shard "${home}" says of transaction ${gid}: ${outcome}`);
}

async function hasChangedCatalog(ask: AdminQuery, shard: ShardName, database: string, gid: string): Promise<boolean> {
  const rows = await ask(
    shard,
    database,
    `SELECT FROM pg_catalog.pg_prepared_xacts AS p ${joinWrittenTablesSql}
     WHERE p.gid = $1 AND l.relation = 'shardgres.tables'::pg_catalog.regclass`,
    [gid],
  );
  return rows.length > 0;
}
