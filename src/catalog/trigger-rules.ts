// Whether what runs inside PostgreSQL beside a statement (triggers, and functions in policies, checks and defaults) can do
// its work on the shard of the row. Such code sees the rows of one shard; so it may use tables that are placed alike.
import type { SqlError } from "../pgwire/sql-error.ts";
import { functionMentions, type Mentions } from "./function-body.ts";
import { refuseDistribution } from "./refusals.ts";
import type { CatalogSnapshot, Distribution, FunctionName, Relation, UserFunction } from "./snapshot.ts";
import { plainName } from "./sql-name.ts";

/**
 * SG116 when a trigger that fires for writes to the relation, or to a table that its triggers write, might touch rows of
 * other shards. Built-in trigger functions touch their own row only. Without sharded tables all is as on one PostgreSQL.
 */
export function checkTriggers(catalog: CatalogSnapshot, relation: Relation): SqlError | undefined {
  if (!relation.hasTriggers || !catalog.hasShardedTables) return undefined;
  const mentions = triggerMentions(catalog, relation);
  const reason = whyNotOnShard(mentions, relation.distribution) ?? whyCopiesDiffer(mentions, relation.distribution);
  return reason === undefined
    ? undefined
    : refuseDistribution("SG116", `a trigger function of table ${plainName(relation)} ${reason}`);
}

/** SG116 when a function, made a trigger of the relation, could not do its work. For CREATE TRIGGER. */
export function checkTriggerFunction(
  catalog: CatalogSnapshot,
  relation: Relation,
  functionName: FunctionName,
): SqlError | undefined {
  return checkTriggers(catalog, { ...relation, hasTriggers: true, triggerFunctions: [functionName] });
}

/**
 * Why code with these mentions, run on the shard of a row of such a table, might not see or write all it should; reads on
 * after the code's name. undefined: it may run.
 */
export function whyNotOnShard(mentions: Mentions, distribution: Distribution): string | undefined {
  if (mentions.opaque !== undefined) return `calls ${mentions.opaque}, which is written in a language not looked into`;
  if (mentions.dynamicSql) return "runs SQL that it makes itself";
  if (mentions.ddl) return "changes the schema";
  for (const relation of mentions.relations) {
    const reason = whyNotReachable(relation, mentions.written.has(relation), distribution);
    if (reason !== undefined) return `uses ${plainName(relation)}, ${reason}`;
  }
  return undefined;
}

function whyNotReachable(relation: Relation, written: boolean, from: Distribution): string | undefined {
  const to = relation.distribution;
  switch (to.kind) {
    case "unsharded":
      return from.kind === "unsharded" ? undefined : "which is on the home shard only";
    case "reference":
      return written && from.kind !== "reference" ? "a reference table, which it writes on one shard only" : undefined;
    case "distributed":
      if (from.kind !== "distributed") return "which is distributed";
      return from.colocationGroup === to.colocationGroup ? undefined : "which is in another colocation group";
  }
}

/** Each shard runs the triggers of a reference table by itself. */
function whyCopiesDiffer({ changing }: Mentions, distribution: Distribution): string | undefined {
  return distribution.kind === "reference" && changing !== undefined
    ? `uses ${changing}, whose value would differ between the copies of a reference table`
    : undefined;
}

function triggerMentions(catalog: CatalogSnapshot, relation: Relation): Mentions {
  const tables = new Set([relation]);
  for (;;) {
    const functions = [...tables].flatMap((table) =>
      table.triggerFunctions.flatMap((name) => findFunctions(catalog, name)),
    );
    const mentions = functionMentions(catalog, functions);
    const before = tables.size;
    for (const written of mentions.written) tables.add(written);
    if (tables.size === before) return mentions;
  }
}

/** All overloads; none for built-in functions. */
export function findFunctions(catalog: CatalogSnapshot, { schema, name }: FunctionName): readonly UserFunction[] {
  return (catalog.userFunctions.get(name) ?? []).filter((candidate) => candidate.schema === schema);
}
