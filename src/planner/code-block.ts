// DO and CALL: code that PostgreSQL runs, of which the gateway sees only the text. Without sharded tables in it, it may run
// on the home shard; if all it does is DDL, on every shard.
import type { CallStmt, DoStmt } from "@pgsql/types";
import type { Mentions } from "../catalog/function-body.ts";
import type { Relation } from "../catalog/snapshot.ts";
import { checkSetval } from "./check-setval.ts";
import { allShards } from "./ddl/all-shards.ts";
import { isSequenceOfDistributed } from "./ddl/sequence.ts";
import { lastName, optionNamed, optionText } from "./definition.ts";
import { functionDemands, withFunctionDemands } from "./functions.ts";
import { homePlan } from "./home-plan.ts";
import type { Plan } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { readsOf } from "./reads.ts";
import { refuse } from "./refuse.ts";
import { refuseSetConfig } from "./set-config.ts";
import { isSharded, mentionsOfFunction, mentionsOfText, wordsIn } from "./touched-by-function.ts";

export function planDo(input: PlanInput, statement: DoStmt): Plan {
  const body = optionText(optionNamed(statement.args, "as")) ?? "";
  return planCode(input, body, mentionsOfText(input.catalog, body));
}

export function planCall(input: PlanInput, statement: CallStmt): Plan {
  const call = statement.funccall ?? {};
  const name = lastName(call.funcname);
  refuseSetConfig({ FuncCall: call });
  checkSetval(input, { FuncCall: call });
  const reads = readsOf(input, call.args ?? []);
  const [unseen] = reads.functions;
  if (unseen !== undefined) throw refuse("SG063", `${unseen}() touches sharded tables`);
  if (reads.distributed.length > 0) throw refuse("SG063", "its arguments read distributed tables");
  const text = (input.catalog.userFunctions.get(name) ?? []).map(({ body }) => body).join("\n");
  const plan = planCode(input, text, [mentionsOfFunction(input.catalog, name)]);
  return withFunctionDemands(plan, functionDemands({ FuncCall: call }, input.catalog.hasShardedTables));
}

const ddlWords = ["create", "alter", "drop", "grant", "revoke", "comment", "truncate", "reindex"];
/** For SQL inside of strings, which is not looked into otherwise. */
const writing =
  /\binsert\s+into\b|\bdelete\s+from\b|\bmerge\s+into\b|\bupdate\s+(only\s+)?[\w".$]+(\s+(as\s+)?\w+)?\s+set\b/i;

function planCode(input: PlanInput, text: string, mentions: readonly Mentions[]): Plan {
  const words = wordsIn(text);
  const touched = mentions.flatMap(({ relations }) => [...relations]);
  const sharded = touched.find(isSharded);
  if (sharded !== undefined) throw refuse("SG063", `it touches sharded table "${sharded.name}"`);
  if (input.catalog.hasShardedTables) {
    if (mentions.some(({ dynamicSql }) => dynamicSql)) throw refuse("SG063", "it runs SQL that it makes itself");
    const opaque = mentions.find((each) => each.opaque !== undefined)?.opaque;
    if (opaque !== undefined) throw refuse("SG063", `${opaque} is in a language that is not looked into`);
  }
  const sequence = words.has("setval")
    ? touched.find((relation) => isSequenceOfDistributed(input, relation))
    : undefined;
  if (sequence !== undefined) throw refuse("SG079", sequence.name);
  if (words.has("set_config")) throw refuse("SG063", "it calls set_config(), which later statements would not see");
  const isDdl = mentions.some(({ ddl }) => ddl) || ddlWords.some((word) => words.has(word));
  if (!isDdl) return { ...homePlan(input), anyLiterals: false };
  if (words.has("temp") || words.has("temporary")) throw refuse("SG063", "it makes temporary objects");
  const isMixed =
    writing.test(text) ||
    mentions.some(({ written }) => written.size > 0) ||
    touched.some((relation) => isRead(text, relation));
  if (isMixed) {
    throw refuse("SG063", "it changes the schema, on all shards, and uses rows, which only the home shard has");
  }
  return allShards();
}

/** Whether rows of a table are asked for: FROM or JOIN in front of its name. */
function isRead(text: string, { name }: Relation): boolean {
  const escaped = name.replace(/[^\w]/g, "\\$&");
  return new RegExp(`\\b(from|join|using)\\s+(only\\s+)?("?\\w+"?\\s*\\.\\s*)?"?${escaped}"?(?![\\w$])`, "i").test(
    text,
  );
}
