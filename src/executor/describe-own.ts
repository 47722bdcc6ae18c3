// What PostgreSQL says about the client's own text, before it is carried out in parts: the errors that it would have, with
// the right position, and the columns of the answer with their names, types and modifiers.
import type { Field } from "../pgwire/row-description.ts";
import type { Participant } from "../transaction/participant.ts";
import type { Execution } from "./execution.ts";

/** Relations that only the gateway knows: no shard understands such a text. */
const gatewayRelation = /\bshardgres_(shards|tables|buckets)\b/i;

/** undefined: the text is not what is being carried out, or no shard understands it. Rejects with ShardError. */
export async function describeOwn(
  { statement, isWholeStatement, descriptions, scope }: Execution,
  participant: Participant,
): Promise<readonly Field[] | undefined> {
  if (!isWholeStatement || gatewayRelation.test(statement.text)) return undefined;
  const { fields } = await descriptions.describe(scope, statement.text, statement.parameterTypes, participant);
  return fields;
}
