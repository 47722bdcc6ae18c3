// ORDER BY as something that the gateway can merge by: expressions whose values it can compare exactly as PostgreSQL does.
import type { Node, SortBy } from "@pgsql/types";
import { oid } from "../../pgwire/oid.ts";
import { nodeOf, walk } from "../../sql/walk.ts";
import { functionName, isVolatile } from "../analysis/analyze-expression.ts";
import { constantInteger } from "../analysis/context.ts";
import { expressionType } from "../analysis/expression-type.ts";
import { variableOf } from "../analysis/facts.ts";
import type { Analysis } from "../analysis/model.ts";
import type { PlanInput } from "../plan-input.ts";

export interface MergeKey {
  readonly node: Node | undefined;
  /** In a set operation: the output that it is. */
  readonly position: number | undefined;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** Types whose order the executor knows. */
const ordered: ReadonlySet<number> = new Set([
  oid.bool,
  oid.bytea,
  oid.char,
  oid.date,
  oid.float4,
  oid.float8,
  oid.int2,
  oid.int4,
  oid.int8,
  oid.name,
  oid.numeric,
  oid.oid,
  oid.text,
  oid.time,
  oid.timestamp,
  oid.timestamptz,
  oid.uuid,
  oid.varchar,
]);

const collated: readonly number[] = [oid.text, oid.varchar, oid.name];
const bytewiseCollations = ["C", "POSIX", "ucs_basic", "pg_c_utf8"];

/** Empty: no ORDER BY. undefined: only PostgreSQL can sort so. */
export function mergeKeys(input: PlanInput, analysis: Analysis): readonly MergeKey[] | undefined {
  const { root } = analysis;
  if (root.sort.length > 0 && root.outputs === undefined) return undefined;
  const keys: MergeKey[] = [];
  for (const { term, node } of root.sort) {
    const direction = directionOf(node);
    if (direction === undefined) return undefined;
    if (root.kind === "set-operation") {
      const position = positionOf(analysis, node.node);
      const output = position === undefined ? undefined : root.outputs?.[position];
      if (output === undefined || !ordered.has(output.typeOid ?? 0) || collated.includes(output.typeOid!))
        return undefined;
      keys.push({ node: undefined, position, ...direction });
    } else {
      if (term.node === undefined || !isMergeable(input, analysis, term.node)) return undefined;
      keys.push({ node: term.node, position: undefined, ...direction });
    }
  }
  return keys;
}

function directionOf({ sortby_dir, sortby_nulls }: SortBy): { descending: boolean; nullsFirst: boolean } | undefined {
  if (sortby_dir === "SORTBY_USING") return undefined;
  const descending = sortby_dir === "SORTBY_DESC";
  const isDefault = sortby_nulls === undefined || sortby_nulls === "SORTBY_NULLS_DEFAULT";
  return { descending, nullsFirst: isDefault ? descending : sortby_nulls === "SORTBY_NULLS_FIRST" };
}

/** ORDER BY of a set operation names or numbers an output. */
function positionOf({ root }: Analysis, node: Node | undefined): number | undefined {
  const number = constantInteger(node);
  if (number !== undefined) return number - 1;
  const fields = nodeOf(node, "ColumnRef")?.fields;
  const name = fields?.length === 1 ? nodeOf(fields[0], "String")?.sval : undefined;
  const position = (root.outputs ?? []).findIndex((output) => output.name === name);
  return position < 0 ? undefined : position;
}

function isMergeable(input: PlanInput, analysis: Analysis, node: Node): boolean {
  const type = expressionType(analysis, node);
  if (type === undefined || !ordered.has(type) || !isRepeatable(input, node)) return false;
  return !collated.includes(type) || isBytewise(input, analysis, node);
}

/** The hidden column must have the value that the sort had. */
function isRepeatable({ catalog }: PlanInput, root: Node): boolean {
  let isGood = true;
  walk(root, (type, node) => {
    if (type !== "FuncCall") return undefined;
    const name = functionName(node);
    if (isVolatile(catalog, name) || catalog.setReturningFunctions.has(name)) isGood = false;
    return undefined;
  });
  return isGood;
}

/** Whether text sorts by its bytes, in UTF-8. */
function isBytewise({ catalog }: PlanInput, analysis: Analysis, node: Node): boolean {
  const collation = nodeOf(node, "CollateClause")?.collname?.at(-1);
  if (collation !== undefined) return bytewiseCollations.includes(nodeOf(collation, "String")?.sval ?? "");
  const variable = variableOf(analysis, node);
  if (variable !== undefined) return variable.column?.bytewise ?? false;
  let isGood = catalog.defaultCollationBytewise;
  walk(node, (type, contents) => {
    if (type === "CollateClause" || type === "SubLink") isGood = false;
    if (type === "ColumnRef") {
      const resolution = analysis.resolutions.get(contents);
      if (resolution?.kind !== "column" || resolution.variable.column?.bytewise !== true) isGood = false;
    }
    return undefined;
  });
  return isGood;
}
