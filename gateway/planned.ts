// Prepared statements and their plans: what must hold before one is used.
import { gatewayRelation } from "../src/executor/describe-own.ts";
import type { BindMessage } from "../src/pgwire/frontend-message.ts";
import { parameterFormat } from "../src/pgwire/frontend-message.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import type { Plan } from "../src/planner/plan.ts";
import { parse } from "../src/sql/parse.ts";
import { planScope, planText } from "./plan-text.ts";
import type { Prepared } from "./prepared.ts";
import type { Session } from "./session.ts";
import type { SharedStatement } from "./shared-statements.ts";

/** The plan of a prepared statement as things are now; undefined for an empty text. */
export function planned(
  session: Session,
  shared: SharedStatement,
): { readonly plan: Plan | undefined; readonly parameterTypes: readonly number[] } {
  const parameterTypes = shared.parameterTypes ?? shared.declaredTypes;
  if (shared.normalized?.isEmpty === true) return { plan: undefined, parameterTypes };
  const key = planScope(session, shared.declaredTypes);
  if (shared.planned?.key !== key || gatewayRelation.test(shared.text)) {
    if (shared.normalized?.isMulti === true) checkOneStatement(shared.text);
    const plan = planText(session, shared.text, shared.normalized, shared.declaredTypes);
    shared.planned = { key, plan };
  }
  return { plan: shared.planned.plan, parameterTypes };
}

function checkOneStatement(text: string): void {
  if (parse(text).length > 1) {
    throw new SqlError({ code: "42601", message: "cannot insert multiple commands into a prepared statement" });
  }
}

/** The unnamed statement may be made anew, a named one not. */
export function checkNewName(statements: ReadonlyMap<string, Prepared>, name: string): void {
  if (name === "") return;
  const present = statements.get(name);
  if (present !== undefined && !present.isUncertain) {
    throw new SqlError({ code: "42P05", message: `prepared statement "${name}" already exists` });
  }
}

export function checkParameterCount({ shared }: Prepared, { parameters, statement }: BindMessage): void {
  const wanted = shared.parameterTypes?.length ?? shared.normalized?.parameterMax;
  if (wanted === undefined || wanted === parameters.count) return;
  throw new SqlError({
    code: "08P01",
    message: `bind message supplies ${parameters.count} parameters, but prepared statement "${statement}" requires ${wanted}`,
  });
}

/** A key comes in binary, and nobody has said yet of which type: a shard must be asked first. */
export function needsTypes({ parameters }: BindMessage, types: readonly number[], plan: Plan): boolean {
  if (plan.kind !== "single-shard" || parameters.count === 0) return false;
  return plan.targets.some(
    (target) =>
      target.kind === "keys" &&
      target.keys.some((key) =>
        key.some(
          (source) =>
            source.kind === "parameter" &&
            source.number <= parameters.count &&
            parameterFormat(parameters, source.number - 1) === 1 &&
            (types[source.number - 1] ?? 0) === 0,
        ),
      ),
  );
}
