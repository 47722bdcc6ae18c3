// Cursors live in one PostgreSQL: DECLARE is planned as its query, and FETCH, MOVE and CLOSE follow it to its shard.
import type { ClosePortalStmt, DeclareCursorStmt, FetchStmt } from "@pgsql/types";
import type { Plan, SessionPlan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { planRows } from "./plan-rows.ts";
import { refuse } from "./refuse.ts";

/** CURSOR_OPT_HOLD of parsenodes.h. */
const withHold = 0x0020;

export function planDeclareCursor(input: PlanInput, statement: DeclareCursorStmt): Plan {
  if (statement.query === undefined) throw refuse("SG060");
  const inner = planRows({ ...input, statement: { ...input.statement, tree: statement.query } });
  if (inner.kind !== "single-shard") throw refuse("SG060");
  const isHeld = ((statement.options ?? 0) & withHold) !== 0;
  return {
    ...inner,
    // The cursor reads on when other statements have written.
    readOnly: false,
    otherwise: undefined,
    declaresCursor: statement.portalname ?? "",
    ...(isHeld ? { reserve: "WITH HOLD cursor" } : {}),
  };
}

export function planFetch(statement: FetchStmt): SessionPlan {
  return { kind: "cursor", name: statement.portalname ?? "", closes: false };
}

export function planClose(statement: ClosePortalStmt): SessionPlan {
  return { kind: "cursor", name: statement.portalname, closes: true };
}
