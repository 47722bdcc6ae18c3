// May a table be distributed by these columns, be made a reference table, or be undistributed? The rules are asked of the
// catalog as it would be afterwards, so that one set of rules serves every direction.
import { SqlError } from "../pgwire/sql-error.ts";
import type { DistributionFacts, ExpressionFact, ForeignKeyFact } from "./distribution-facts.ts";
import { checkForeignKey, type ForeignKeyAction } from "./foreign-key-rules.ts";
import { functionMentions, relationMentions } from "./function-body.ts";
import { refuseDistribution } from "./refusals.ts";
import { chooseShardKey, parseShardKey } from "./shard-key-choice.ts";
import type { CatalogSnapshot, Distribution, Relation } from "./snapshot.ts";
import { plainName } from "./sql-name.ts";
import { constraintNeedsShardKey } from "./table-ddl-rules.ts";
import { checkTriggers, findFunctions, whyNotOnShard } from "./trigger-rules.ts";

export type DistributionRequest =
  /** `shardKey`: one or several columns, separated by commas. */
  | { readonly action: "distribute"; readonly shardKey: string; readonly colocateWith: string | undefined }
  | { readonly action: "reference" }
  | { readonly action: "undistribute" };

export interface DistributionDecision {
  readonly relation: Relation;
  readonly distribution: Distribution;
  /** Tables, as SQL, that need ALTER TABLE .. REPLICA IDENTITY FULL before logical replication can carry their changes. */
  readonly withoutReplicaIdentity: readonly string[];
}

/** The table that `colocate_with` names, for `distributionFactsSql`: "default" and "none" are no tables. */
export function colocationTable(colocateWith: string | undefined): string | undefined {
  return colocateWith === "default" || colocateWith === "none" ? undefined : colocateWith;
}

/** Throws SqlError, mostly 0A000 with a code [SG1nn], when it may not be. Both inputs are the home shard's of one moment. */
export function decideDistribution(
  catalog: CatalogSnapshot,
  facts: DistributionFacts,
  request: DistributionRequest,
): DistributionDecision {
  const relation = checkTable(catalog, facts);
  const distribution = wantedDistribution(catalog, relation, facts, request);
  const after = withDistribution(catalog, relation, distribution);
  for (const index of facts.uniqueIndexes) {
    const table = after.relationsByOid.get(index.table);
    const error = table && constraintNeedsShardKey(table, index.columns, `"${index.name}"`);
    if (error) throw error;
  }
  for (const foreignKey of facts.foreignKeys) {
    // Its rows are looked for on the home shard only, so it must have been unsharded before.
    const isEmpty =
      catalog.relationsByOid.get(foreignKey.from)?.distribution.kind === "unsharded" &&
      !facts.filledReferences.includes(foreignKey.from);
    const error = checkForeignKeyFact(after, foreignKey, isEmpty);
    if (error) throw error;
  }
  for (const other of after.relationsByOid.values()) {
    const error = checkTriggers(after, other);
    if (error) throw error;
  }
  for (const expression of facts.expressions) {
    const reason = whyExpressionFails(after, expression);
    if (reason !== undefined) throw refuseDistribution("SG117", reason);
  }
  return { relation, distribution, withoutReplicaIdentity: facts.withoutReplicaIdentity };
}

function checkTable(catalog: CatalogSnapshot, facts: DistributionFacts): Relation {
  const relation = catalog.relationsByOid.get(facts.relation);
  if (facts.persistence === "t") throw refuseDistribution("SG101", "temporary");
  if (relation === undefined || relation.schema === "shardgres") {
    throw refuseDistribution("SG100", `system table ${facts.name}`);
  }
  if (relation.kind !== "table" && relation.kind !== "partitioned-table") {
    throw refuseDistribution("SG100", `${relation.kind.replace("-", " ")} ${facts.name}`);
  }
  if (facts.persistence === "u") throw refuseDistribution("SG101", "unlogged");
  if (facts.isPartition) throw refuseDistribution("SG102", `table ${facts.name}`);
  if (facts.inherits) throw refuseDistribution("SG103", `table ${facts.name}`);
  for (const member of family(catalog, relation)) {
    if (member.hasRules) throw refuseDistribution("SG104", plainName(member));
    if (member.kind === "foreign-table") throw refuseDistribution("SG100", `foreign table ${plainName(member)}`);
  }
  return relation;
}

function wantedDistribution(
  catalog: CatalogSnapshot,
  relation: Relation,
  facts: DistributionFacts,
  request: DistributionRequest,
): Distribution {
  const present = relation.distribution;
  if (request.action === "undistribute") {
    if (present.kind === "unsharded") throw refuseDistribution("SG106", facts.name);
    return { kind: "unsharded" };
  }
  if (present.kind === "distributed") {
    const key = present.shardKey.join(", ");
    throw refuseDistribution("SG105", `table ${facts.name} is already distributed by (${key})`);
  }
  if (present.kind === "reference") {
    throw refuseDistribution("SG105", `table ${facts.name} is a reference table already`);
  }
  if (request.action === "reference") return { kind: "reference" };
  const columns = parseShardKey(request.shardKey, relation);
  const nondeterministic = columns.find(({ name }) => facts.nondeterministicColumns.includes(name));
  if (nondeterministic) throw refuseDistribution("SG109", nondeterministic.name);
  const group = colocationGroup(catalog, facts, request.colocateWith);
  return chooseShardKey(catalog, columns, group, facts.nextColocationGroup);
}

function colocationGroup(
  catalog: CatalogSnapshot,
  facts: DistributionFacts,
  colocateWith: string | undefined,
): Relation | "default" | "none" {
  if (colocateWith === undefined || colocateWith === "default") return "default";
  if (colocateWith === "none") return "none";
  const relation = catalog.relationsByOid.get(facts.colocateWith ?? 0);
  if (relation) return relation;
  throw new SqlError({ code: "42P01", message: `relation "${colocateWith}" is not a table of this database` });
}

/** The relation and all below it. */
function family(catalog: CatalogSnapshot, relation: Relation): readonly Relation[] {
  const members = [relation];
  for (const member of members) {
    for (const other of catalog.relationsByOid.values()) if (other.parent === member.oid) members.push(other);
  }
  return members;
}

/** The catalog as it would be with the table, and its partitions, distributed in this way. */
export function withDistribution(
  catalog: CatalogSnapshot,
  relation: Relation,
  distribution: Distribution,
): CatalogSnapshot {
  const relations = new Map(catalog.relations);
  const relationsByOid = new Map(catalog.relationsByOid);
  for (const member of family(catalog, relation)) {
    const changed: Relation = { ...member, distribution };
    relationsByOid.set(member.oid, changed);
    relations.set(member.schema, new Map(relations.get(member.schema)).set(member.name, changed));
  }
  const hasShardedTables = [...relationsByOid.values()].some((other) => other.distribution.kind !== "unsharded");
  return { ...catalog, relations, relationsByOid, hasShardedTables };
}

const actions: Readonly<Record<string, ForeignKeyAction>> = {
  a: "no action",
  r: "restrict",
  c: "cascade",
  n: "set null",
  d: "set default",
};

function checkForeignKeyFact(catalog: CatalogSnapshot, fact: ForeignKeyFact, isEmpty: boolean): SqlError | undefined {
  const from = catalog.relationsByOid.get(fact.from);
  const to = catalog.relationsByOid.get(fact.to);
  // A foreign key among temporary tables, which are in no snapshot.
  if (from === undefined || to === undefined) return undefined;
  return checkForeignKey(
    from,
    fact.fromColumns,
    to,
    fact.toColumns,
    {
      onDelete: actions[fact.onDelete] ?? "set default",
      onUpdate: actions[fact.onUpdate] ?? "set default",
      onDeleteColumns: fact.onDeleteColumns ?? undefined,
    },
    `"${fact.name}"`,
    isEmpty,
  );
}

function whyExpressionFails(catalog: CatalogSnapshot, expression: ExpressionFact): string | undefined {
  const table = catalog.relationsByOid.get(expression.table);
  if (table === undefined) return undefined;
  const relations = expression.relations.flatMap((oid) => catalog.relationsByOid.get(oid) ?? []);
  const functions = expression.functions.flatMap(([schema, name]) => findFunctions(catalog, { schema, name }));
  const reason =
    whyNotOnShard(relationMentions(catalog, relations), table.distribution) ??
    whyNotOnShard(functionMentions(catalog, functions), table.distribution);
  return reason === undefined ? undefined : `${expression.name} of table ${plainName(table)} ${reason}`;
}
