// DO and CALL: code that PostgreSQL runs, of which the gateway sees only the text. Without sharded tables in it, it may run
// on the home shard; if all it does is DDL, on every shard.
import type { CallStmt, DoStmt } from "@pgsql/types";
import type { Relation } from "../catalog/snapshot.ts";
import { allShards } from "./ddl/all-shards.ts";
import { lastName, optionNamed, optionText } from "./definition.ts";
import { functionDemands, withFunctionDemands } from "./functions.ts";
import { homePlan } from "./home-plan.ts";
import type { Plan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { readsOf } from "./reads.ts";
import { refuse } from "./refuse.ts";
import { isSharded, touchedByFunction, touchedByText, wordsIn } from "./touched-by-function.ts";

export function planDo(input: PlanInput, statement: DoStmt): Plan {
  const body = optionText(optionNamed(statement.args, "as")) ?? "";
  return planCode(input, [body], touchedByText(input.catalog, body));
}

export function planCall(input: PlanInput, statement: CallStmt): Plan {
  const call = statement.funccall ?? {};
  const name = lastName(call.funcname);
  const reads = readsOf(input, call.args ?? []);
  const [function_] = reads.functions;
  if (function_ !== undefined) throw refuse("SG063", `${function_}() touches sharded tables`);
  if (reads.distributed.length > 0) throw refuse("SG063", "its arguments read distributed tables");
  const bodies = (input.catalog.userFunctions.get(name) ?? []).map(({ body }) => body);
  const plan = planCode(input, bodies, touchedByFunction(input.catalog, name));
  return withFunctionDemands(plan, functionDemands({ FuncCall: call }, input.catalog.hasShardedTables));
}

const ddlWords = ["create", "alter", "drop", "grant", "revoke", "comment", "truncate", "reindex"];
const writing =
  /\binsert\s+into\b|\bdelete\s+from\b|\bmerge\s+into\b|\bcopy\s|\bupdate\s+(only\s+)?[\w".$]+(\s+(as\s+)?\w+)?\s+set\b/i;

function planCode(input: PlanInput, bodies: readonly string[], touched: ReadonlySet<Relation>): Plan {
  const text = bodies.join("\n");
  const words = wordsIn(text);
  const sharded = [...touched].find(isSharded);
  if (sharded !== undefined) throw refuse("SG063", `it touches sharded table "${sharded.name}"`);
  if (words.has("set_config")) throw refuse("SG063", "it calls set_config(), which later statements would not see");
  const isDdl = ddlWords.some((word) => words.has(word));
  if (!isDdl) return { ...homePlan(input), anyLiterals: false };
  if (words.has("temp") || words.has("temporary")) throw refuse("SG063", "it makes temporary objects");
  const isMixed = writing.test(text) || [...touched].some((relation) => isRead(text, relation));
  if (isMixed)
    throw refuse("SG063", "it changes the schema, which all shards must do, and uses rows, which the home shard has");
  return allShards();
}

/** Whether the rows of a table are asked for: FROM or JOIN in front of its name. */
function isRead(text: string, { name }: Relation): boolean {
  const escaped = name.replace(/[^\w]/g, "\\$&");
  return new RegExp(`\\b(from|join|using)\\s+(only\\s+)?("?\\w+"?\\s*\\.\\s*)?"?${escaped}"?(?![\\w$])`, "i").test(
    text,
  );
}
