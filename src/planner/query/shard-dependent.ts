// Whether a query without sharded or unsharded tables would still be answered differently by different shards: functions
// that look into the system catalogs or at the server, and names turned into object ids, which are each shard's own. Such
// queries go to the home shard, where the system catalogs are read too, so that their answers fit together.
import type { Node, TypeCast } from "@pgsql/types";
import { nodeOf, walk } from "../../sql/walk.ts";
import { functionName } from "../analysis/analyze-expression.ts";
import type { Analysis } from "../analysis/model.ts";
import type { PlanInput } from "../plan-input.ts";

/** Stable or volatile functions whose answer is as good from any shard. */
const harmless = new Set(
  (
    "age array_agg array_to_json array_to_string clock_timestamp concat concat_ws current_database current_query " +
    "current_schema current_schemas current_setting date date_part date_trunc enum_range extract format " +
    "gen_random_uuid json_agg json_build_array json_build_object json_object_agg jsonb_agg jsonb_build_array " +
    "jsonb_build_object jsonb_object_agg now pg_sleep random random_normal row_to_json setseed statement_timestamp " +
    "string_agg text timeofday timezone to_char to_date to_json to_jsonb to_number to_timestamp transaction_timestamp " +
    "uuidv4 uuidv7 version"
  ).split(" "),
);

const namesOfObjects =
  /^reg(class|collation|config|dictionary|namespace|oper|operator|proc|procedure|role|type|database)$/;

export function isShardDependent({ statement, catalog }: PlanInput, { calls }: Analysis): boolean {
  const looksAtServer = calls.some((call) => {
    const name = functionName(call);
    return !harmless.has(name) && (catalog.stableFunctions.has(name) || catalog.volatileFunctions.has(name));
  });
  return looksAtServer || castsToObject(statement.tree);
}

function castsToObject(tree: Node): boolean {
  let found = false;
  walk(tree, (type, contents) => {
    if (type !== "TypeCast") return undefined;
    const name = nodeOf((contents as TypeCast).typeName?.names?.at(-1), "String")?.sval ?? "";
    if (namesOfObjects.test(name)) found = true;
    return undefined;
  });
  return found;
}
