// Built-in functions that are not the same on every shard: sequences, advisory locks, notifications and large objects
// belong to the home shard, and some are tied to one connection. What their presence in a statement does to its plan.
import type { FuncCall, Node } from "@pgsql/types";
import { callsIn } from "./calls-in.ts";
import { namesOf } from "./definition.ts";
import type { Plan, Reservation, SingleShardPlan, Target } from "./plan.ts";
import { type RefusalCode, refuse } from "./refuse.ts";
import { sequencesAreReadAfterNextval } from "./sequence-order.ts";

export type FunctionRule =
  | { readonly kind: "home"; readonly reserve?: Reservation; readonly needsReservation?: true }
  | { readonly kind: "refuse"; readonly code: RefusalCode }
  /** Runs SQL that it is given as text, of which the gateway knows nothing. */
  | { readonly kind: "runs-sql" };

const home: FunctionRule = { kind: "home" };
const locks: FunctionRule = { kind: "home", reserve: "advisory lock" };
const remembers: FunctionRule = { kind: "home", needsReservation: true };
const exportsSnapshot: FunctionRule = { kind: "refuse", code: "SG075" };
const runsSql: FunctionRule = { kind: "runs-sql" };

const rules = new Map<string, FunctionRule>([
  ["nextval", home],
  ["setval", home],
  ["currval", remembers],
  ["lastval", remembers],
  ["pg_notify", home],
  ["pg_notification_queue_usage", home],
  ["pg_listening_channels", home],
  ["pg_cancel_backend", home],
  ["pg_terminate_backend", home],
  ["pg_advisory_lock", locks],
  ["pg_advisory_lock_shared", locks],
  ["pg_try_advisory_lock", locks],
  ["pg_try_advisory_lock_shared", locks],
  ["pg_advisory_unlock", home],
  ["pg_advisory_unlock_shared", home],
  ["pg_advisory_unlock_all", home],
  ["pg_advisory_xact_lock", home],
  ["pg_advisory_xact_lock_shared", home],
  ["pg_try_advisory_xact_lock", home],
  ["pg_try_advisory_xact_lock_shared", home],
  ["loread", home],
  ["lowrite", home],
  ["pg_export_snapshot", exportsSnapshot],
  ["query_to_xml", runsSql],
  ["query_to_xmlschema", runsSql],
  ["query_to_xml_and_xmlschema", runsSql],
  ["table_to_xml", runsSql],
  ["table_to_xml_and_xmlschema", runsSql],
  ["schema_to_xml", runsSql],
  ["schema_to_xml_and_xmlschema", runsSql],
  ["database_to_xml", runsSql],
  ["database_to_xml_and_xmlschema", runsSql],
  ["cursor_to_xml", runsSql],
  ["ts_stat", runsSql],
  ["crosstab", runsSql],
  ["crosstab2", runsSql],
  ["crosstab3", runsSql],
  ["crosstab4", runsSql],
  ["connectby", runsSql],
]);

/** The rule of a function call; undefined: nothing special about it. */
export function functionRule(call: FuncCall): FunctionRule | undefined {
  const names = namesOf(call.funcname);
  const name = names.at(-1) ?? "";
  if (names.length > 1 && names[0] !== "pg_catalog" && rules.get(name)?.kind !== "runs-sql") return undefined;
  if (name === "ts_rewrite") return call.args?.length === 2 ? runsSql : undefined;
  return rules.get(name) ?? (name.startsWith("lo_") ? home : undefined);
}

/** What the functions of a statement ask for, together. */
export interface FunctionDemands {
  /** Names of the functions that must run on the home shard. */
  readonly home: readonly string[];
  readonly reserve: Reservation | undefined;
  readonly needsReservation: boolean;
  /** Which sequences the statement's literals name has been looked at. */
  readonly readsLiterals: boolean;
}

/** Throws for functions that are refused wherever they stand. `hasShardedTables`: whether SQL as text could touch one. */
export function functionDemands(tree: Node, hasShardedTables: boolean): FunctionDemands {
  const names: string[] = [];
  let reserve: Reservation | undefined;
  let needsReservation = false;
  for (const call of callsIn(tree)) {
    const rule = functionRule(call);
    const name = namesOf(call.funcname).at(-1) ?? "";
    switch (rule?.kind) {
      case "home":
        names.push(name);
        reserve ??= rule.reserve;
        needsReservation ||= rule.needsReservation ?? false;
        break;
      case "refuse":
        throw refuse(rule.code, `${name}()`);
      case "runs-sql":
        if (hasShardedTables) throw refuse("SG063", `${name}() runs SQL that the gateway does not see`);
    }
  }
  if (!needsReservation) return { home: names, reserve, needsReservation, readsLiterals: false };
  return { home: names, reserve, needsReservation: !sequencesAreReadAfterNextval(tree), readsLiterals: true };
}

/** The plan of a query, bound to the home shard if its functions ask for it. */
export function withFunctionDemands(plan: Plan, demands: FunctionDemands): Plan {
  const [name] = demands.home;
  if (name === undefined) return plan;
  switch (plan.kind) {
    case "single-shard": {
      const targets: Target[] = [...plan.targets.filter((target) => target.kind !== "any"), { kind: "home" }];
      const bound: SingleShardPlan = {
        ...plan,
        targets: targets.filter((target, index) => target.kind !== "home" || index === targets.length - 1),
        readOnly: false,
        anyLiterals: plan.anyLiterals && !demands.readsLiterals,
        otherwise: plan.otherwise === undefined ? undefined : withFunctionDemands(plan.otherwise, demands),
        ...(demands.reserve === undefined ? {} : { reserve: demands.reserve }),
        ...(demands.needsReservation ? { needsReservation: true } : {}),
      };
      return bound;
    }
    case "gather": {
      const isPushed = plan.inputs.some(({ sql }) => demands.home.some((each) => sql.toLowerCase().includes(each)));
      if (isPushed || demands.reserve !== undefined || demands.needsReservation) throw refuse("SG074", `${name}()`);
      return { ...plan, finalTarget: { kind: "home" }, readOnly: false };
    }
    default:
      throw refuse("SG074", `${name}()`);
  }
}
