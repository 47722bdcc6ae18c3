// SELECT set_config(..): SET as a function. It is recognized when it stands alone; anywhere else the gateway could not
// repeat the setting on other shards.
import type { FuncCall, Node, SelectStmt } from "@pgsql/types";
import { nodeOf, walk } from "../sql/walk.ts";
import { constantText, namesOf } from "./definition.ts";
import type { ArgumentSource, SetConfigPlan } from "./plan.ts";
import { refuse } from "./refuse.ts";

/** undefined: no call of set_config in it. */
export function planSetConfig(query: SelectStmt): SetConfigPlan | undefined {
  if (!callsSetConfig({ SelectStmt: query })) return undefined;
  const { targetList = [], op, limitOption, ...others } = query;
  const isBare = op === "SETOP_NONE" && limitOption === "LIMIT_OPTION_DEFAULT" && Object.keys(others).length === 0;
  if (!isBare) throw refuse("SG059");
  return {
    kind: "set-config",
    settings: targetList.map((target) => {
      const call = nodeOf(nodeOf(target, "ResTarget")?.val, "FuncCall");
      const [name, value, local] = (call?.args ?? []).map(argumentOf);
      const isCall = call !== undefined && isSetConfig(call) && call.args?.length === 3;
      if (!isCall || name === undefined || value === undefined || local === undefined) throw refuse("SG059");
      return { name, value, local };
    }),
  };
}

/** Throws when a statement of another kind calls it. */
export function refuseSetConfig(tree: Node): void {
  if (callsSetConfig(tree)) throw refuse("SG059");
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

function callsSetConfig(tree: Node): boolean {
  let calls = false;
  walk(tree, (type, node) => {
    if (type === "FuncCall" && isSetConfig(node as FuncCall)) calls = true;
    return calls ? "skip" : undefined;
  });
  return calls;
}

function isSetConfig(call: FuncCall): boolean {
  const names = namesOf(call.funcname);
  return names.at(-1) === "set_config" && (names.length === 1 || names[0] === "pg_catalog");
}
