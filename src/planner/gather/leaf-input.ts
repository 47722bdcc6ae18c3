// One table (or one view that the shards can compute) as an input: the columns that are used, and the rows that pass the
// conditions on it alone. What cannot be pushed down in larger parts comes down to these.
import type { ColumnRef, FuncCall, Node, RangeVar } from "@pgsql/types";
import { rewrite } from "../../sql/rewrite.ts";
import { nodeOf, walk } from "../../sql/walk.ts";
import { functionName, isVolatile } from "../analysis/analyze-expression.ts";
import type { SourceColumn, SubquerySource, TableSource } from "../analysis/model.ts";
import { steadinessOf } from "../analysis/steadiness.ts";
import type { Variable } from "../analysis/variable.ts";
import { functionRule } from "../functions.ts";
import type { Target } from "../plan.ts";
import { keysTarget } from "../query/bind-keys.ts";
import { targetOf, unionOf } from "../query/scatter.ts";
import { refuse } from "../refuse.ts";
import { addInput, cover, type Gathering, type InputColumn, inputInFrom } from "./gathering.ts";
import { type Lost, lostByColumn, lostByVariable } from "./lost-on-the-way.ts";
import { column, conjunction, select, target } from "./nodes.ts";

export type Leaf = TableSource | SubquerySource;

/** `copies` are what one place in the text stands for; `node` is that place, the inside of a RangeVar; `item` that of FROM. */
export function gatherLeaf(gathering: Gathering, node: RangeVar, item: Node, copies: readonly Leaf[]): void {
  const first = copies[0]!;
  const alias = first.alias ?? node.relname ?? "";
  checkUses(copies, alias);
  const used = usedPositions(copies);
  const whole = first.columns ?? [];
  const names = namesOfColumns(
    gathering,
    used.map((position) => whole[position]!),
  );
  const columns = used.map((position, index): InputColumn => {
    const lost = lostByLeaf(first, position);
    if (lost === undefined) throw refuse("SG013", whole[position]!.name);
    return { name: names.unique[index]!, lost };
  });
  const conditions = commonConditions(gathering, copies, alias);
  const where = conjunction(conditions);
  const query = select({
    targetList: used.map((position) => target(column(alias, whole[position]!.name))),
    fromClause: [item],
    ...(where === undefined ? {} : { whereClause: where }),
  });
  const name = addInput(gathering, query, columns, unionOf(copies.map(leafTarget)));
  gathering.fromItems.set(node, inputInFrom(name, columns, alias, names.visible));
  for (const copy of copies) {
    if (copy.kind === "table") gathering.covered.add(copy);
    else cover(gathering, copy.body);
  }
}

function leafTarget(leaf: Leaf): Target {
  return leaf.kind === "table" ? (keysTarget(leaf) ?? { kind: "all" }) : targetOf(leaf.body);
}

function checkUses(copies: readonly Leaf[], alias: string): void {
  if (copies.some(({ uses }) => uses.systemColumns)) throw refuse("SG005", alias);
}

/** At least one column, in the order of the table. */
function usedPositions(copies: readonly Leaf[]): number[] {
  const positions = new Set<number>();
  for (const { uses, columns = [] } of copies) {
    for (const [position, each] of (columns as readonly SourceColumn[]).entries()) {
      if (uses.all || uses.columns.has(each)) positions.add(position);
    }
  }
  return positions.size === 0 ? [0] : [...positions].sort((left, right) => left - right);
}

/** Names for the input's columns; where an alias has given one name twice, other ones, and the names to show. */
function namesOfColumns(
  { prefix }: Gathering,
  columns: readonly SourceColumn[],
): { unique: readonly string[]; visible: readonly string[] | undefined } {
  const visible = columns.map(({ name }) => name);
  if (new Set(visible).size === visible.length) return { unique: visible, visible: undefined };
  return { unique: visible.map((_, index) => `${prefix}c${index + 1}`), visible };
}

function lostByLeaf(leaf: Leaf, position: number): Lost | undefined {
  if (leaf.kind === "table") return lostByVariable(leaf.columns![position]!.variable);
  const column = leaf.view?.columns[position];
  return column && lostByColumn(column);
}

/** Conditions that are asked of every copy, in terms of the leaf's own columns. */
function commonConditions(gathering: Gathering, copies: readonly Leaf[], alias: string): Node[] {
  const [first, ...others] = copies.map((copy) => pushableConditions(gathering, copy, alias));
  return [...(first ?? [])].filter(([text]) => others.every((other) => other.has(text))).map(([, node]) => node);
}

/** Conjuncts that must hold for a row to matter, and that use nothing but the row. By their text. */
function pushableConditions(gathering: Gathering, leaf: Leaf, alias: string): Map<string, Node> {
  const names = new Map<Variable, string>(leaf.columns?.map(({ variable, name }) => [variable, name]));
  const pushable = new Map<string, Node>();
  for (const condition of leaf.region.conditions) {
    if (!isSimple(gathering, condition, names)) continue;
    const node = rewrite(condition, (below) => {
      const reference = nodeOf(below, "ColumnRef");
      const resolution = reference && gathering.analysis.resolutions.get(reference);
      return resolution?.kind === "column" ? column(alias, names.get(resolution.variable)!) : undefined;
    });
    pushable.set(JSON.stringify(node), node);
  }
  return pushable;
}

function isSimple(gathering: Gathering, condition: Node, names: ReadonlyMap<Variable, string>): boolean {
  const { analysis, input, home } = gathering;
  let isGood = true;
  let usesRow = false;
  walk(condition, (type, contents) => {
    switch (type) {
      case "SubLink":
        isGood = false;
        return "skip";
      case "FuncCall": {
        const name = functionName(contents as FuncCall);
        const isSpecial = functionRule(contents as FuncCall) !== undefined || home.has(name);
        const isServer = steadinessOf(input.catalog, name) === "server";
        if (isSpecial || isServer || isVolatile(input.catalog, name)) isGood = false;
        return undefined;
      }
      case "ColumnRef": {
        const resolution = analysis.resolutions.get(contents as ColumnRef);
        if (resolution?.kind === "column" && names.has(resolution.variable)) usesRow = true;
        else isGood = false;
        return undefined;
      }
      default:
        return undefined;
    }
  });
  return isGood && usesRow;
}
