// What PostgreSQL says about the client's own text, before it is carried out in parts: the errors that it would have, with
// the right position, and the columns of the answer with their names, types and modifiers.
import type { Field } from "../pgwire/row-description.ts";
import type { Participant } from "../transaction/participant.ts";
import { type Execution, parameterTypesAt } from "./execution.ts";

/** Relations that only the gateway knows: no shard understands such a text, and their rows stand in its plan. */
export const gatewayRelation = /\bshardgres_(shards|tablets|topology|tables|buckets)\b/i;

/** undefined: the text is not what is being carried out, or no shard understands it. Rejects with ShardError. */
export async function describeOwn(
  execution: Execution,
  participant: Participant,
): Promise<readonly Field[] | undefined> {
  const { statement, isWholeStatement, descriptions, scope, userTypes } = execution;
  if (!isWholeStatement || gatewayRelation.test(statement.text)) return undefined;
  const { shard } = participant;
  const types = parameterTypesAt(execution, shard);
  const { fields } = await descriptions.describe(scope, statement.text, types, participant);
  // For the client: with the home shard's object ids.
  return fields?.map((field) => ({ ...field, typeOid: userTypes.toHome(shard, field.typeOid) }));
}
