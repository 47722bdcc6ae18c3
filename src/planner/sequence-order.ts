// Whether currval and lastval only tell what nextval in the same statement has just given: then any connection will do. Rows of
// VALUES and items of SELECT are computed from left to right.
import type { FuncCall, Node } from "@pgsql/types";
import { equalTrees } from "../sql/equal-trees.ts";
import { nodeOf } from "../sql/walk.ts";
import { callsIn } from "./calls-in.ts";
import { lastName } from "./definition.ts";

/** False in doubt. */
export function sequencesAreReadAfterNextval(tree: Node): boolean {
  const asking = callsIn(tree).filter(isAsking);
  const answered = computedLists(tree).flatMap(answeredCalls);
  return asking.every((call) => answered.includes(call));
}

/** The expressions that are computed one after the other, for every row. */
function computedLists(tree: Node): readonly (readonly Node[])[] {
  const select = nodeOf(nodeOf(tree, "InsertStmt")?.selectStmt ?? tree, "SelectStmt");
  const items = (select?.targetList ?? []).flatMap((node) => nodeOf(node, "ResTarget")?.val ?? []);
  const rows = (select?.valuesLists ?? []).map((row) => nodeOf(row, "List")?.items ?? []);
  return [items, ...rows];
}

function answeredCalls(expressions: readonly Node[]): readonly FuncCall[] {
  const given: FuncCall[] = [];
  const answered: FuncCall[] = [];
  for (const expression of expressions) {
    for (const call of callsIn(expression))
      if (isAsking(call) && given.some((each) => tells(each, call))) answered.push(call);
    // Inside of another expression it may not be called at all.
    const call = nodeOf(expression, "FuncCall");
    if (call !== undefined) given.push(call);
  }
  return answered;
}

function isAsking({ funcname }: FuncCall): boolean {
  return lastName(funcname) === "currval" || lastName(funcname) === "lastval";
}

/** `lastval` is of nextval only; `setval` with a third argument may leave currval undefined. */
function tells(given: FuncCall, asking: FuncCall): boolean {
  const name = lastName(given.funcname);
  if (lastName(asking.funcname) === "lastval") return name === "nextval";
  const isGiving = name === "nextval" || (name === "setval" && given.args?.length === 2);
  return isGiving && equalTrees(given.args?.[0], asking.args?.[0]);
}
