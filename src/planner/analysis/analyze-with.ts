// WITH: which names its queries have, and where each of them can be seen. Queries are analyzed where they are named,
// except those that modify data, which run once whether they are named or not.
import type { Node, WithClause } from "@pgsql/types";
import { nodeOf } from "../../sql/walk.ts";
import { analyzeStatement } from "./analyze-statement.ts";
import type { Context } from "./context.ts";
import type { Level } from "./model.ts";
import { newRegion } from "./region.ts";
import { type CteBinding, type Scope, scopeOfCtes } from "./scope.ts";

/** The scope in which the statement that has this WITH is to be analyzed. */
export function analyzeWith(
  context: Context,
  clause: WithClause | undefined,
  outer: Scope | undefined,
  level: Level,
): Scope | undefined {
  const nodes = (clause?.ctes ?? []).flatMap((node) => nodeOf(node, "CommonTableExpr") ?? []);
  if (nodes.length === 0) return outer;

  if (clause?.recursive) {
    // All names see each other.
    const bindings = new Map<string, CteBinding>();
    const scope = scopeOfCtes(outer, bindings);
    for (const node of nodes) bindings.set(node.ctename ?? "", { node, scope, written: undefined });
    for (const node of nodes) {
      const written = analyzeWritten(context, node.ctequery, scope, level);
      if (written !== undefined) bindings.set(node.ctename ?? "", { node, scope, written });
    }
    return scope;
  }
  let scope = outer;
  for (const node of nodes) {
    const written = analyzeWritten(context, node.ctequery, scope, level);
    const home: Scope = scope ?? scopeOfCtes(undefined, new Map());
    scope = scopeOfCtes(scope, new Map([[node.ctename ?? "", { node, scope: home, written }]]));
  }
  return scope;
}

function analyzeWritten(
  context: Context,
  query: Node | undefined,
  scope: Scope | undefined,
  level: Level,
): Level | undefined {
  if (query === undefined || "SelectStmt" in query) return undefined;
  const written = analyzeStatement(context, query, scope, level, newRegion(undefined));
  level.writes.push(written);
  return written;
}
