// SELECT set_config(..): SET as a function. It is recognized in a SELECT without FROM; anywhere else the gateway could not
// repeat the setting on other shards.
import type { FuncCall, Node, SelectStmt } from "@pgsql/types";
import { nodeOf, walk } from "../sql/walk.ts";
import { callsIn } from "./calls-in.ts";
import { constantText, lastName, namesOf } from "./definition.ts";
import { functionRule } from "./functions.ts";
import type { ArgumentSource, SetConfigPlan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { refuse } from "./refuse.ts";

/** undefined: no call of set_config in it. */
export function planSetConfig({ catalog }: PlanInput, query: SelectStmt): SetConfigPlan | undefined {
  const tree: Node = { SelectStmt: query };
  const calls = callsIn(tree);
  const count = calls.filter(isSetConfig).length;
  if (count === 0) return undefined;
  const { targetList = [], op, limitOption, ...others } = query;
  const isBare = op === "SETOP_NONE" && limitOption === "LIMIT_OPTION_DEFAULT" && Object.keys(others).length === 0;
  const targets = targetList.flatMap((target) => nodeOf(nodeOf(target, "ResTarget")?.val, "FuncCall") ?? []);
  const settings = targets.filter(isSetConfig).map(settingOf);
  // Beside it, only what any shard can tell: no tables, and nothing that belongs to the home shard.
  const isBuiltIn = calls.every(({ funcname }) => !catalog.userFunctions.has(lastName(funcname)));
  const isAnywhere = isBuiltIn && calls.every((call) => functionRule(call) === undefined) && !hasSubquery(tree);
  if (!isBare || !isAnywhere || settings.length < count) throw refuse("SG059");
  return { kind: "set-config", settings };
}

function settingOf(call: FuncCall): SetConfigPlan["settings"][number] {
  const [name, value, local] = (call.args ?? []).map(argumentOf);
  if (name === undefined || value === undefined || local === undefined) throw refuse("SG059");
  return { name, value, local };
}

function hasSubquery(tree: Node): boolean {
  let found = false;
  walk(tree, (type) => {
    if (type === "SubLink") found = true;
    return undefined;
  });
  return found;
}

/** Throws when a statement of another kind calls it. */
export function refuseSetConfig(tree: Node): void {
  if (callsIn(tree).some(isSetConfig)) throw refuse("SG059");
}

/** A constant or a parameter, cast or not; undefined for anything else. */
export function argumentOf(node: Node): ArgumentSource | undefined {
  const cast = nodeOf(node, "TypeCast");
  if (cast !== undefined) return cast.arg === undefined ? undefined : argumentOf(cast.arg);
  const parameter = nodeOf(node, "ParamRef");
  if (parameter !== undefined) return { kind: "parameter", number: parameter.number ?? 0 };
  const text = constantText(node);
  return text === undefined ? undefined : { kind: "constant", text };
}

function isSetConfig(call: FuncCall): boolean {
  const names = namesOf(call.funcname);
  return names.at(-1) === "set_config" && (names.length === 1 || names[0] === "pg_catalog");
}
