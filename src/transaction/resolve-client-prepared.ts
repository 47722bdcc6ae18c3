// Ends what is left of transactions that clients have prepared. A part is the client's as long as home's part is prepared:
// then nobody touches it, however old it is. Else home has the decision, as the keeper of any other transaction.
import type { AdminQuery } from "../pool/admin-connections.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { notifyCatalogSql } from "./catalog-channel.ts";
import { joinWrittenTablesSql } from "./client-prepared.ts";
import { finishPreparedNow, type Outcome } from "./finish-prepared.ts";
import { parseGid } from "./gid.ts";
import type { PreparedPart, Resolution } from "./resolve.ts";

/** Ends one part by the rule; undefined: the client has it. Never rejects. */
export async function resolveClientPart(
  part: PreparedPart,
  { ask }: { readonly ask: AdminQuery },
): Promise<Resolution | undefined> {
  const { shard, database, gid } = part;
  const { keeper } = parseGid(gid)!;
  try {
    const outcome = await decideUnlessPrepared(ask, keeper, database, gid);
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
export async function decideUnlessPrepared(
  ask: AdminQuery,
  home: ShardName,
  database: string,
  gid: string,
): Promise<Outcome | undefined> {
  const [row] = await ask(home, database, "SELECT shardgres.decide_unless_prepared($1)", [gid]);
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
