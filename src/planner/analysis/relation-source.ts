// A name in FROM: a common table expression, a temporary table, a table, a view, a system catalog, or a relation that the
// gateway answers itself. Found in the order in which PostgreSQL would.
import type { CommonTableExpr, Node, RangeVar } from "@pgsql/types";
import { assert } from "../../base/assert.ts";
import { findRelation, type Relation } from "../../catalog/snapshot.ts";
import { parse } from "../../sql/parse.ts";
import { refuse } from "../refuse.ts";
import type { FromPlace } from "./analyze-from.ts";
import type { Context } from "./context.ts";
import type { OtherSource, Output, Residence, Source, SourceColumn, SubquerySource, TableSource } from "./model.ts";
import { type CteBinding, findCte, scopeOfCtes } from "./scope.ts";
import { aliasNames, newUses, subquerySource } from "./subquery-source.ts";
import { columnVariable, outputVariable } from "./variable.ts";

export function relationSource(context: Context, place: FromPlace, node: RangeVar, item: Node): Source {
  const name = node.relname ?? "";
  const cte = node.schemaname === undefined ? findCte(place.outer, name) : undefined;
  if (cte !== undefined) return cteSource(context, place, node, cte);
  const found = findTable(context, node);
  if (found.relation?.kind === "view") return viewSource(context, place, node, found.relation);
  return tableSource(context, place, node, found.residence, found.relation, item);
}

/** A relation by name, without regard to common table expressions: what a statement that writes means by its target. */
export function targetSource(context: Context, place: FromPlace, node: RangeVar): TableSource {
  const { residence, relation } = findTable(context, node);
  return tableSource(context, place, node, residence, relation, { RangeVar: node });
}

function findTable(context: Context, node: RangeVar): { residence: Residence; relation: Relation | undefined } {
  const { catalog, temporaryTables, gatewayRelations } = context.input;
  const { schemaname: schema, relname: name = "" } = node;
  const isTemporary = schema === "pg_temp" || schema?.startsWith("pg_temp_");
  if (isTemporary || (schema === undefined && !context.isInView && temporaryTables.has(name))) {
    return { residence: "temporary", relation: undefined };
  }
  const relation = findRelation(catalog, context.searchPath, schema, name);
  if (relation === "system") return { residence: "home", relation: undefined };
  if (relation !== undefined) return { residence: residenceOf(relation), relation };
  if (schema === undefined && gatewayRelations.has(name)) return { residence: "gateway", relation: undefined };
  context.unknownRelations.push(schema === undefined ? name : `${schema}.${name}`);
  return { residence: "home", relation: undefined };
}

function residenceOf({ distribution }: Relation): Residence {
  return distribution.kind === "unsharded" ? "home" : distribution.kind;
}

function tableSource(
  context: Context,
  { level, region }: FromPlace,
  node: RangeVar,
  residence: Residence,
  relation: Relation | undefined,
  item: Node,
): TableSource {
  const names = aliasNames(node.alias);
  const columns = tableColumns(context, node, residence, relation)?.map(
    (column, index): SourceColumn => ({
      name: names[index] ?? column.name,
      variable: column.known ? columnVariable(column.known, region) : outputVariable(column.name, undefined, region),
    }),
  );
  const distribution = relation?.distribution;
  const shardKey = distribution?.kind === "distributed" ? distribution.shardKey : [];
  const keys = shardKey.map((key) => {
    const position = relation!.columns.findIndex((column) => column.name === key);
    assert(position >= 0, `shard key column ${key} of ${relation!.name} is in the catalog`);
    return columns![position]!.variable;
  });
  const source: TableSource = {
    kind: "table",
    alias: node.alias?.aliasname ?? node.relname,
    columns,
    region,
    level,
    uses: newUses(),
    residence,
    relation,
    node,
    keys,
    colocationGroup: distribution?.kind === "distributed" ? distribution.colocationGroup : -1,
    item,
  };
  context.tables.push(source);
  return source;
}

function tableColumns(
  context: Context,
  node: RangeVar,
  residence: Residence,
  relation: Relation | undefined,
): { name: string; known?: Relation["columns"][number] }[] | undefined {
  if (relation !== undefined) return relation.columns.map((column) => ({ name: column.name, known: column }));
  if (residence !== "gateway") return undefined;
  return context.input.gatewayRelations.get(node.relname ?? "")?.columns.map(({ name }) => ({ name }));
}

function cteSource(
  context: Context,
  place: FromPlace,
  node: RangeVar,
  { node: cte, scope, written }: CteBinding,
): Source {
  const alias = node.alias?.aliasname ?? node.relname;
  const names = [...aliasNames(node.alias)];
  const cteNames = (cte.aliascolnames ?? []).flatMap((name) => ("String" in name ? [name.String.sval ?? ""] : []));
  cteNames.slice(names.length).forEach((name) => {
    names.push(name);
  });
  const { level, region } = place;
  const other = (kind: OtherSource["kind"], outputs: readonly Output[] | undefined): OtherSource => ({
    kind,
    alias,
    columns: outputs?.map((output, index) => {
      const name = names[index] ?? output.name;
      return { name, variable: outputVariable(name, output.typeOid, region) };
    }),
    region,
    level,
    node,
    uses: newUses(),
  });
  if (written !== undefined) return other("written", written.outputs);
  if (context.activeCtes.has(cte)) {
    noteRecursion(place, cte);
    return other("recursive", context.activeCtes.get(cte));
  }
  context.activeCtes.set(cte, undefined);
  const outside = { ...place, outer: scope };
  const source = subquerySource(context, outside, scope, cte.ctequery!, {
    node,
    via: "cte",
    cte,
    view: undefined,
    names: cte.search_clause || cte.cycle_clause ? [] : names,
    alias,
  });
  context.activeCtes.delete(cte);
  // SEARCH and CYCLE add columns.
  return cte.search_clause || cte.cycle_clause ? { ...source, columns: undefined } : source;
}

/** The level that is the query of the common table expression is one of those around. */
function noteRecursion({ level }: FromPlace, cte: CommonTableExpr): void {
  const query = cte.ctequery !== undefined && "SelectStmt" in cte.ctequery ? cte.ctequery.SelectStmt : undefined;
  for (let at: typeof level | undefined = level; at !== undefined; at = at.parent) {
    if (at.node === query) {
      at.isRecursive = true;
      return;
    }
  }
}

function viewSource(context: Context, place: FromPlace, node: RangeVar, view: Relation): SubquerySource {
  const query = viewQuery(view);
  const { searchPath, isInView } = context;
  context.searchPath = [];
  context.isInView = true;
  const source = subquerySource(context, { ...place, outer: undefined }, scopeOfCtes(undefined, new Map()), query, {
    node,
    via: "view",
    cte: undefined,
    view,
    names: aliasNames(node.alias),
    alias: node.alias?.aliasname ?? node.relname,
  });
  context.searchPath = searchPath;
  context.isInView = isInView;
  return source;
}

const viewQueries = new WeakMap<Relation, ReturnType<typeof viewQuery>>();

/** The tree of a view's definition; the same one each time. */
export function viewQuery(view: Relation): ReturnType<typeof parse>[number]["tree"] {
  const known = viewQueries.get(view);
  if (known !== undefined) return known;
  const tree = parse(view.definition ?? "")[0]?.tree;
  if (tree === undefined) throw refuse("SG001", `the definition of view "${view.name}" is not known`);
  viewQueries.set(view, tree);
  return tree;
}
