// SET and RESET. The session keeps settings as SQL text and repeats them on every connection it is given, so a value must
// mean the same later and elsewhere: everything is written anew from the tree.
import type { Node, VariableSetStmt } from "@pgsql/types";
import { quoteLiteral } from "../sql/names.ts";
import { nodeOf } from "../sql/walk.ts";
import { constantText } from "./definition.ts";
import type { ScriptPlan, SetPlan } from "./plan.ts";
import { refuse } from "./refuse.ts";
import { transactionModes, transactionSettings } from "./transaction.ts";

/** `sql` is the client's text. */
export function planSet(statement: VariableSetStmt, sql: string): SetPlan | ScriptPlan {
  const scope = statement.is_local ? "local" : "session";
  const name = settingName(statement.name ?? "");
  switch (statement.kind) {
    case "VAR_SET_VALUE":
      return { kind: "set", scope, name, value: settingValue(statement.args), sql };
    case "VAR_SET_DEFAULT":
    case "VAR_RESET":
      return { kind: "set", scope, name, value: undefined, sql };
    case "VAR_RESET_ALL":
      return { kind: "set", scope: "session", name: "all", value: undefined, sql };
    case "VAR_SET_MULTI":
      return planMulti(statement, sql);
    default:
      throw refuse("SG050", "SET .. FROM CURRENT");
  }
}

function planMulti(statement: VariableSetStmt, sql: string): SetPlan | ScriptPlan {
  switch (statement.name) {
    case "TRANSACTION":
      return { kind: "set", scope: "local", name: "transaction", value: transactionModes(statement.args), sql };
    case "SESSION CHARACTERISTICS": {
      const settings = transactionSettings(statement.args).map(({ name, value }) => ({
        name: `default_${name}`,
        value: quoteLiteral(value),
      }));
      const [only] = settings;
      if (only !== undefined && settings.length === 1) return { kind: "set", scope: "session", ...only, sql };
      return { kind: "script", statements: settings.map(({ name, value }) => `SET ${name} TO ${value}`), tag: "SET" };
    }
    default:
      throw refuse("SG075", "SET TRANSACTION SNAPSHOT");
  }
}

/** Names of settings do not depend on case. */
function settingName(name: string): string {
  const lower = name.toLowerCase();
  return lower === "session_authorization" ? "session authorization" : lower;
}

/** As it stands after `SET name TO`. */
export function settingValue(args: readonly Node[] | undefined): string {
  return (args ?? []).map(valueText).join(", ");
}

function valueText(arg: Node): string {
  const interval = nodeOf(arg, "TypeCast");
  if (interval !== undefined) return intervalText(interval.arg, interval.typeName?.typmods ?? []);
  const constant = nodeOf(arg, "A_Const");
  const text = constantText(arg) ?? "";
  return constant?.sval === undefined ? text : quoteLiteral(text);
}

/** HOUR TO MINUTE as a bit mask of interval fields (utils/timestamp.h). */
const hourToMinute = (1 << 10) | (1 << 11);

/** SET TIME ZONE INTERVAL '..': the setting accepts a string that begins with INTERVAL, but no fields behind it. */
function intervalText(value: Node | undefined, typmods: readonly Node[]): string {
  const text = constantText(value) ?? "";
  const fields = typmods[0] === undefined ? undefined : constantText(typmods[0]);
  const isPlain = fields === undefined || (fields === String(hourToMinute) && /^\s*[+-]?\d+:\d+\s*$/.test(text));
  if (!isPlain) throw refuse("SG050", "SET TIME ZONE with this kind of INTERVAL");
  return quoteLiteral(`INTERVAL ${quoteLiteral(text)}`);
}
