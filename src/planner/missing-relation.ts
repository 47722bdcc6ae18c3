// A statement that is refused may be wrong for PostgreSQL as well: then its error is the one that helps.
import type { CommonTableExpr, RangeVar } from "@pgsql/types";
import { SqlError } from "../pgwire/sql-error.ts";
import { walk } from "../sql/walk.ts";
import type { Plan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { positionOf } from "./position-of.ts";
import { relationOf } from "./relation-of.ts";

/** What `plan` gives; where it refuses, the error about a relation that does not exist comes first. */
export function orMissingRelation(input: PlanInput, plan: () => Plan): Plan {
  try {
    return plan();
  } catch (error) {
    const isRefusal = error instanceof SqlError && /\[SG\d+\]$/.test(error.message);
    throw (isRefusal ? missingRelation(input) : undefined) ?? error;
  }
}

function missingRelation(input: PlanInput): SqlError | undefined {
  const { tree, text } = input.statement;
  const expressions = new Set<string>();
  walk(tree, (type, node) => {
    if (type === "CommonTableExpr") expressions.add((node as CommonTableExpr).ctename ?? "");
    return undefined;
  });
  let missing: RangeVar | undefined;
  walk(tree, (type, node) => {
    // FOR UPDATE OF names aliases.
    if (type === "LockingClause" || missing !== undefined) return "skip";
    if (type !== "RangeVar") return undefined;
    const { schemaname, relname = "" } = node as RangeVar;
    const isExpression = schemaname === undefined && expressions.has(relname);
    if (!isExpression && relationOf(input, node as RangeVar).kind === "unknown") missing = node as RangeVar;
    return undefined;
  });
  if (missing === undefined) return undefined;
  const { schemaname, relname = "", location } = missing;
  const name = schemaname === undefined ? relname : `${schemaname}.${relname}`;
  return new SqlError({
    code: "42P01",
    message: `relation "${name}" does not exist`,
    position: positionOf(text, location),
  });
}
