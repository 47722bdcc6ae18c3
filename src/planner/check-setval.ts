// setval() of a sequence of a distributed table would set one shard's stride only, and make shards give out equal numbers.
import type { Node } from "@pgsql/types";
import { AppError } from "../base/app-error.ts";
import { parseQualifiedName } from "../sql/names.ts";
import { nodeOf } from "../sql/walk.ts";
import { callsIn } from "./calls-in.ts";
import { isSequenceOfDistributed } from "./ddl/sequence.ts";
import { constantText, lastName, namesOf } from "./definition.ts";
import type { PlanInput } from "./plan-input.ts";
import { refuse } from "./refuse.ts";
import { catalogRelation, rangeVarOfNames, shardedRelation } from "./relation-of.ts";

/** Throws SG079. Returns whether there is a call: then the plan depends on the literal that names the sequence. */
export function checkSetval(input: PlanInput, tree: Node): boolean {
  const calls = callsIn(tree).filter(({ funcname }) => lastName(funcname) === "setval");
  if (!input.catalog.hasShardedTables) return false;
  for (const { args = [] } of calls) if (args[0] !== undefined) checkSequence(input, args[0]);
  return calls.length > 0;
}

function checkSequence(input: PlanInput, argument: Node): void {
  const name = nameIn(argument);
  if (name !== undefined) {
    const sequence = catalogRelation(input, rangeVarOfNames(name));
    if (sequence !== undefined && isSequenceOfDistributed(input, sequence)) throw refuse("SG079", sequence.name);
    return;
  }
  // setval(pg_get_serial_sequence('table', 'column'), ..)
  const call = nodeOf(argument, "FuncCall");
  const [table] = call?.args ?? [];
  const tableName = table === undefined ? undefined : nameIn(table);
  const isSerial = namesOf(call?.funcname).at(-1) === "pg_get_serial_sequence" && tableName !== undefined;
  if (!isSerial) throw refuse("SG079", "that is not named in setval()");
  const sharded = shardedRelation(input, rangeVarOfNames(tableName));
  if (sharded?.distribution.kind === "distributed") throw refuse("SG079", `of ${sharded.name}`);
}

/** The parts of a name given as a constant of text or regclass. */
function nameIn(node: Node): readonly string[] | undefined {
  const cast = nodeOf(node, "TypeCast");
  const text = constantText(cast === undefined ? node : cast.arg);
  if (text === undefined || text === null) return undefined;
  try {
    return parseQualifiedName(text);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
