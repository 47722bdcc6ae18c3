// Whether an expression has the same value wherever and whenever it is evaluated: what all copies of a reference table may
// compute by themselves.
import type { A_Const, FuncCall, Node, SQLValueFunction } from "@pgsql/types";
import { walk } from "../sql/walk.ts";
import { namesOf } from "./definition.ts";
import type { PlanInput } from "./plan-input.ts";

/** The first thing found that is not; undefined: there is none. Subqueries and DEFAULT count as such. */
export function findUndetermined(input: PlanInput, nodes: Node | readonly Node[]): string | undefined {
  let found: string | undefined;
  walk(nodes, (type, node) => {
    if (found !== undefined) return "skip";
    switch (type) {
      case "FuncCall": {
        const name = namesOf((node as FuncCall).funcname).at(-1) ?? "";
        if (!isImmutable(input, name)) found = `${name}()`;
        break;
      }
      case "SQLValueFunction":
        if (!sameForSession.has((node as SQLValueFunction).op ?? "")) found = "the current date or time";
        break;
      case "A_Const":
        if (isRelativeTime((node as A_Const).sval?.sval)) found = "the current date or time";
        break;
      case "SubLink":
        found = "a subquery";
        break;
      case "SetToDefault":
        found = "DEFAULT";
    }
    return undefined;
  });
  return found;
}

/** 'now', 'today' and the like are read by the types of date and time when they are evaluated. */
export function isRelativeTime(text: string | undefined): boolean {
  return text !== undefined && /\b(now|today|tomorrow|yesterday)\b/i.test(text);
}

const sameForSession: ReadonlySet<string> = new Set([
  "SVFOP_CURRENT_ROLE",
  "SVFOP_CURRENT_USER",
  "SVFOP_USER",
  "SVFOP_SESSION_USER",
  "SVFOP_CURRENT_CATALOG",
  "SVFOP_CURRENT_SCHEMA",
]);

/** Every function that the name can mean. */
function isImmutable({ catalog }: PlanInput, name: string): boolean {
  if (catalog.volatileFunctions.has(name) || catalog.stableFunctions.has(name)) return false;
  return (catalog.userFunctions.get(name) ?? []).every(({ volatility }) => volatility === "immutable");
}
