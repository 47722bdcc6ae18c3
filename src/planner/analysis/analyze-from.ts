// FROM: its items as a tree of joins, the names they make visible, and the facts that join conditions say.
import type { JoinExpr, Node, RangeFunction } from "@pgsql/types";
import { nodeOf } from "../../sql/walk.ts";
import { refuse } from "../refuse.ts";
import { analyzeExpression } from "./analyze-expression.ts";
import type { Context } from "./context.ts";
import { learnCondition, learnEquality } from "./facts.ts";
import { functionColumns } from "./function-columns.ts";
import { mergeColumns, otherColumns } from "./join-columns.ts";
import type { JoinTree, Level, Source } from "./model.ts";
import { newRegion, type Region } from "./region.ts";
import { relationSource } from "./relation-source.ts";
import { type NamespaceItem, type Scope, scopeOfItems, type VisibleColumn } from "./scope.ts";
import { newUses, subselectSource } from "./subquery-source.ts";
import type { Variable } from "./variable.ts";

export interface FromItem {
  readonly tree: JoinTree;
  readonly items: readonly NamespaceItem[];
  /** The columns of `*` over the item; undefined: not known. */
  readonly columns: readonly VisibleColumn[] | undefined;
}

/** Where an item of FROM stands. */
export interface FromPlace {
  readonly level: Level;
  readonly region: Region;
  /** What is around the level. */
  readonly outer: Scope | undefined;
  /** Items to the left, which LATERAL can see. */
  readonly lateral: readonly NamespaceItem[];
}

export function analyzeFromItem(context: Context, place: FromPlace, node: Node): FromItem {
  if ("JoinExpr" in node) return analyzeJoin(context, place, node.JoinExpr);
  const source = analyzeSource(context, place, node);
  place.level.sources.push(source);
  const item = itemOf(source);
  return { tree: { kind: "source", source }, items: [item], columns: item.columns };
}

export function itemOf(source: Source): NamespaceItem {
  const isPlainTable = source.kind === "table" && source.node.alias === undefined;
  return {
    alias: source.alias,
    schema: isPlainTable ? source.relation?.schema : undefined,
    isRelationVisible: source.alias !== undefined,
    areColumnsVisible: true,
    columns: source.columns?.map((column) => ({
      name: column.name,
      variable: column.variable,
      reference: source.alias === undefined ? [column.name] : [source.alias, column.name],
      origins: [{ source, column }],
    })),
    source,
  };
}

function analyzeSource(context: Context, place: FromPlace, node: Node): Source {
  const { level, region, outer } = place;
  if ("RangeVar" in node) return relationSource(context, place, node.RangeVar, node);
  if ("RangeTableSample" in node) {
    const { relation, args, repeatable } = node.RangeTableSample;
    const scope = scopeOfItems(outer, level, place.lateral);
    analyzeExpression(context, { scope, level, region, part: "from" }, [args, repeatable]);
    const sampled = nodeOf(relation, "RangeVar");
    if (sampled !== undefined) return relationSource(context, place, sampled, node);
  }
  if ("RangeSubselect" in node) return subselectSource(context, place, node.RangeSubselect);

  const scope = scopeOfItems(outer, level, place.lateral);
  analyzeExpression(context, { scope, level, region, part: "from" }, node);
  const contents = Object.values(node)[0] as RangeFunction;
  const known = "RangeFunction" in node ? functionColumns(node.RangeFunction, region) : undefined;
  const uses = newUses();
  const alias = known?.alias ?? contents.alias?.aliasname;
  if (!("RangeFunction" in node || "RangeTableFunc" in node || "JsonTable" in node)) throw refuse("SG001", "FROM");
  return { kind: "function", alias, columns: known?.columns, region, level, node: contents, uses };
}

function analyzeJoin(context: Context, place: FromPlace, join: JoinExpr): FromItem {
  const { level, region, outer } = place;
  const type = joinType(join);
  const leftRegion = type === "right" || type === "full" ? newRegion(region) : region;
  const rightRegion = type === "left" || type === "full" ? newRegion(region) : region;
  const pairs = type === "full" ? newRegion(region) : undefined;
  const condition = pairs ?? (type === "right" ? leftRegion : rightRegion);

  const left = analyzeFromItem(context, { ...place, region: leftRegion }, join.larg!);
  const lateral = [...place.lateral, ...left.items];
  const right = analyzeFromItem(context, { ...place, region: rightRegion, lateral }, join.rarg!);

  const merged = mergeColumns(join, type, left, right, region);
  for (const column of merged.columns) learnEquality(condition, column.left, column.right);
  if (type === "full") {
    for (const { visible, left: leftSide, right: rightSide } of merged.columns) {
      learnMerged(leftRegion, visible.variable, leftSide);
      learnMerged(rightRegion, visible.variable, rightSide);
    }
  }
  const items = [...left.items, ...right.items];
  if (join.quals !== undefined) {
    const scope = scopeOfItems(outer, level, items);
    analyzeExpression(context, { scope, level, region: condition, part: "from" }, join.quals);
    learnCondition(context, condition, join.quals);
  }

  const columns = otherColumns(merged, left.columns, right.columns);
  const names = (join.alias?.colnames ?? []).map((name) => nodeOf(name, "String")?.sval);
  const alias = join.alias?.aliasname;
  const renamed = columns?.map((column, index) => {
    const name = names[index] ?? column.name;
    return { ...column, name, reference: alias === undefined ? column.reference : [alias, name] };
  });
  const joinItem: NamespaceItem = {
    alias,
    schema: undefined,
    isRelationVisible: join.alias !== undefined,
    areColumnsVisible: true,
    columns: renamed,
    source: undefined,
  };
  const hidden = join.alias === undefined ? items.map((item) => ({ ...item, areColumnsVisible: false })) : [];
  const usingItem: NamespaceItem[] =
    join.join_using_alias === undefined
      ? []
      : [
          {
            ...joinItem,
            alias: join.join_using_alias.aliasname,
            isRelationVisible: true,
            areColumnsVisible: false,
            columns: merged.columns.map((column) => column.visible),
          },
        ];
  const tree: JoinTree = {
    kind: "join",
    type,
    left: left.tree,
    right: right.tree,
    region,
    pairs,
    merged: merged.columns.map((each) => ({ left: each.left, right: each.right, merged: each.visible.variable })),
  };
  return { tree, items: [...hidden, ...usingItem, joinItem], columns: renamed };
}

/**
 * On its own side of FULL JOIN, a merged column is that side's. Where an outer join inside may have made it NULL, the
 * other side's could take its place.
 */
function learnMerged(region: Region, merged: Variable, side: Variable): void {
  if (side.region === region && side.family !== undefined && side.family === merged.family) {
    region.facts.push({ kind: "equal", left: merged, right: side });
  }
}

function joinType({ jointype }: JoinExpr): "inner" | "left" | "right" | "full" {
  switch (jointype) {
    case "JOIN_LEFT":
      return "left";
    case "JOIN_RIGHT":
      return "right";
    case "JOIN_FULL":
      return "full";
    default:
      return "inner";
  }
}
