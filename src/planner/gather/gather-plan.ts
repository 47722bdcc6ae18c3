// The plan for every query that the shards cannot answer by themselves: the largest parts that they can compute become
// inputs, and the query itself, with the inputs in the place of those parts, is finished by one PostgreSQL.
import type { Node, SelectStmt } from "@pgsql/types";
import { functionName } from "../analysis/analyze-expression.ts";
import type { Analysis, Level, SubquerySource, TableSource } from "../analysis/model.ts";
import { viewQuery } from "../analysis/relation-source.ts";
import { aliasNames } from "../analysis/subquery-source.ts";
import type { GatherPlan } from "../plan.ts";
import type { PlanInput } from "../plan-input.ts";
import { sqlOf } from "../plan-rows.ts";
import { tablesWithin } from "../query/levels-below.ts";
import { partitionOf } from "../query/partition.ts";
import { isReadOnly } from "../query/read-only.ts";
import { refuse } from "../refuse.ts";
import { collapseLevel } from "./collapse-level.ts";
import { finalTree } from "./final-tree.ts";
import { gatewayRows } from "./gateway-rows.ts";
import { callsHome, copiesOf, type Gathering, newGathering } from "./gathering.ts";
import { determinedVariables } from "./group-dependents.ts";
import { gatherLeaf } from "./leaf-input.ts";
import { column } from "./nodes.ts";
import { pushLevel } from "./push-level.ts";
import { checkRowValues } from "./row-values.ts";

/** `home`: functions made by users that must run on the home shard. */
export function gatherPlan(input: PlanInput, analysis: Analysis, home: ReadonlySet<string>): GatherPlan {
  if (analysis.locks) throw refuse("SG004", "FOR UPDATE and FOR SHARE");
  const gathering = newGathering(input, analysis, home);
  gatherLevel(gathering, analysis.root, false);
  checkRowValues(gathering);

  const remaining = analysis.tables.filter((table) => !gathering.covered.has(table));
  const left = remaining.find(({ residence }) => residence === "distributed");
  if (left !== undefined) throw refuse("SG001", `"${left.node.relname}" cannot be gathered`);
  const needsHome = home.size > 0 || remaining.some(({ residence }) => residence === "home");
  const callsUsers = analysis.calls.some((call) => input.catalog.userFunctions.has(functionName(call)));
  return {
    kind: "gather",
    inputs: gathering.inputs,
    finalSql: sqlOf(finalTree(gathering, input.statement.tree)),
    finalTarget: { kind: needsHome ? "home" : "any" },
    finalReadsTables: needsHome || callsUsers || remaining.some(({ residence }) => residence !== "gateway"),
    readOnly: isReadOnly(input, analysis),
  };
}

function gatherLevel(gathering: Gathering, copy: Level, inSetOperation: boolean): void {
  // What column references mean is known of the last copy.
  const level = copiesOf(gathering, copy).at(-1)!;
  if (gathering.selects.has(level.node) || gathering.visited.has(level.node) || !hasPartsElsewhere(level)) return;
  gathering.visited.add(level.node);
  if (pushLevel(gathering, level, inSetOperation)) return;
  const kept = level.kind === "select" ? collapseLevel(gathering, level) : undefined;
  if (kept !== undefined) {
    for (const { body } of kept) gatherLevel(gathering, body, false);
    return;
  }
  for (const branch of level.branches) gatherLevel(gathering, branch, true);
  for (const source of level.sources) {
    if (source.kind === "table") gatherTable(gathering, source);
    else if (source.kind === "subquery" && source.via === "view") gatherView(gathering, source);
    else if (source.kind === "subquery") gatherLevel(gathering, source.body, false);
  }
  for (const { body } of level.sublinks) gatherLevel(gathering, body, false);
  addDetermined(gathering, level);
}

function hasPartsElsewhere(level: Level): boolean {
  for (const { residence } of tablesWithin(level)) {
    if (residence === "distributed" || residence === "gateway") return true;
  }
  return false;
}

function gatherTable(gathering: Gathering, table: TableSource): void {
  if (gathering.fromItems.has(table.node)) return;
  if (table.residence === "gateway") {
    const name = table.node.relname ?? "";
    const relation = gathering.input.gatewayRelations.get(name)!;
    gathering.fromItems.set(table.node, gatewayRows(relation, table.alias ?? name, aliasNames(table.node.alias)));
  }
  if (table.residence !== "distributed") return;
  const copies = gathering.analysis.tables.filter(({ node }) => node === table.node);
  gatherLeaf(gathering, table.node, table.item, copies);
}

/** A view that the shards can compute keeps its name; another one is written out. */
function gatherView(gathering: Gathering, source: SubquerySource): void {
  const node = source.node;
  if (gathering.fromItems.has(node) || !hasPartsElsewhere(source.body)) return;
  const copies = gathering.analysis.levels.flatMap(({ sources }) =>
    sources.filter((each): each is SubquerySource => each.kind === "subquery" && each.node === node),
  );
  const isPartitioned = copies.every((copy) => partitionOf(copy.body).kind === "partitioned");
  if (isPartitioned && source.columns !== undefined && !callsHome(gathering, source.body)) {
    gatherLeaf(gathering, node, { RangeVar: node }, copies);
    return;
  }
  const view = source.view!;
  const renamed = aliasNames((node as { alias?: Parameters<typeof aliasNames>[0] }).alias);
  const names = view.columns.map(({ name }, index) => renamed[index] ?? name);
  const alias = { aliasname: source.alias ?? view.name, colnames: names.map((sval) => ({ String: { sval } })) };
  gathering.fromItems.set(node, { RangeSubselect: { subquery: viewQuery(view), alias } });
  gatherLevel(gathering, source.body, false);
}

/** For a level that stays, over tables that have become inputs. */
function addDetermined(gathering: Gathering, level: Level): void {
  const determined = determinedVariables(level);
  if (determined.size === 0) return;
  const more: Node[] = [];
  for (const source of level.sources) {
    if (source.kind !== "table" || !gathering.fromItems.has(source.node)) continue;
    for (const each of source.uses.columns) {
      if (determined.has(each.variable)) more.push(column(source.alias ?? "", each.name));
    }
  }
  if (more.length > 0) gathering.groups.set(level.node as SelectStmt, more);
}
