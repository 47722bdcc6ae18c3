// How often an expression may change its value, read from the tree that PostgreSQL stores for it (pg_node_tree). The
// tree names every function that it calls by object id; whatever is not surely harmless counts as volatile.
import type { Volatility } from "./snapshot.ts";

/** Kinds of nodes that are as volatile as the functions and parts in them. Older spellings included. */
const plainNodes = new Set([
  ...["CONST", "FUNCEXPR", "OPEXPR", "DISTINCTEXPR", "NULLIFEXPR", "SCALARARRAYOPEXPR", "BOOLEXPR", "RELABELTYPE"],
  ...["ARRAYCOERCEEXPR", "COLLATEEXPR", "CASE", "CASEEXPR", "WHEN", "CASEWHEN", "CASETESTEXPR", "ARRAY", "ARRAYEXPR"],
  ...["ROW", "ROWEXPR", "COALESCE", "COALESCEEXPR", "MINMAX", "MINMAXEXPR", "NULLTEST", "BOOLEANTEST", "NAMEDARGEXPR"],
  ...["COERCETODOMAIN", "COERCETODOMAINVALUE", "CONVERTROWTYPEEXPR", "FIELDSELECT"],
]);

/** CURRENT_TIMESTAMP, CURRENT_USER and the like: the same during one statement. */
const stableNode = "SQLVALUEFUNCTION";

/** A brace inside a string of the tree is written with a backslash before it. */
const nodes = /(?<!\\)\{([A-Z0-9_]+)/g;
const functionIds = / :(?:op)?funcid (\d+)/g;

/** `functionVolatility` is asked by object id; undefined: not known. */
export function expressionVolatility(
  tree: string,
  functionVolatility: (oid: number) => Volatility | undefined,
): Volatility {
  let result: Volatility = "immutable";
  for (const [, node] of tree.matchAll(nodes)) {
    if (node === stableNode) result = "stable";
    else if (node === undefined || !plainNodes.has(node)) return "volatile";
  }
  for (const [, oid] of tree.matchAll(functionIds)) {
    const volatility = functionVolatility(Number(oid)) ?? "volatile";
    if (volatility === "volatile") return volatility;
    if (volatility === "stable") result = volatility;
  }
  return result;
}

/** pg_proc.provolatile in words. */
export function volatilityOf(code: string): Volatility {
  return code === "i" ? "immutable" : code === "s" ? "stable" : "volatile";
}
