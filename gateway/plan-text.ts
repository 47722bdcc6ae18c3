// From a statement's text to its plan: from the cache, or by parser and planner.
import { assert } from "../src/base/assert.ts";
import { gatewayRelation } from "../src/executor/describe-own.ts";
import type { Plan } from "../src/planner/plan.ts";
import { planStatement } from "../src/planner/plan-statement.ts";
import { refuse } from "../src/planner/refuse.ts";
import { type Normalized, normalize } from "../src/sql/normalize.ts";
import { parse } from "../src/sql/parse.ts";
import { gatewayRelations } from "./gateway-relations.ts";
import { checkCode } from "./refused-code.ts";
import type { Session } from "./session.ts";

/** `text` is one statement. Throws SqlError for what the parser or the planner refuses. */
export function planText(
  session: Session,
  text: string,
  normalized: Normalized | undefined,
  parameterTypes: readonly number[],
): Plan {
  const { plans } = session.gateway;
  const scope = planScope(session, parameterTypes);
  const known = plans.get(scope, text, normalized);
  if (known !== undefined) return known;
  const plan = planAnew(session, text, parameterTypes, false);
  if (!gatewayRelation.test(text)) plans.set(scope, text, normalized, plan);
  return plan;
}

/** Without the cache. `ignoreKeys`: as if no value could be used for routing. */
export function planAnew(session: Session, text: string, parameterTypes: readonly number[], ignoreKeys: boolean): Plan {
  if (/\bpg_prepared_statements\b/i.test(text)) throw refuse("SG082");
  checkCode(text, session.catalog, session.gateway.areStandbysAwaited);
  const [statement] = parse(text);
  assert(statement !== undefined, "a text without a statement");
  return planStatement({
    statement,
    normalized: normalize(statement.text),
    catalog: session.catalog,
    searchPath: session.searchPath,
    temporaryTables: session.temporaryTables.names,
    parameterTypes,
    gatewayRelations: gatewayRelations(session),
    ignoreKeys,
  });
}

/** Whatever the plan of a text depends on besides the text. */
export function planScope(session: Session, parameterTypes: readonly number[]): string {
  return parameterTypes.length === 0 ? session.planScope : session.planScope + parameterTypes.join();
}
