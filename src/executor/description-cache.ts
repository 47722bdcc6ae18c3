// What PostgreSQL says about a statement's parameters and columns, remembered: a statement over several shards is
// described once, not each time it runs.
import type { AppError } from "../base/app-error.ts";
import { watch } from "../pgclient/answer-handler.ts";
import { ShardError } from "../pgwire/error-fields.ts";
import { describeMessage, parseTextMessage, syncMessage } from "../pgwire/frontend-encode.ts";
import { backend } from "../pgwire/message-type.ts";
import { firstUserOid } from "../pgwire/oid.ts";
import { type Field, parseRowDescription } from "../pgwire/row-description.ts";
import type { ShardName } from "../topology/snapshot.ts";
import type { Participant } from "../transaction/participant.ts";

export interface Description {
  readonly parameterTypes: readonly number[];
  /** undefined: the statement gives no rows. */
  readonly fields: readonly Field[] | undefined;
}

const watched = watch(backend.errorResponse, backend.parameterDescription, backend.rowDescription, backend.noData);
const entriesMax = 2_000;

export class DescriptionCache {
  #entries = new Map<string, Description>();

  /** `scope`: whatever else the meaning of the text depends on (catalog version, search path, role). */
  get(scope: string, sql: string, parameterTypes: readonly number[], shard: ShardName): Description | undefined {
    const key = keyOf(scope, sql, parameterTypes);
    return this.#entries.get(key) ?? this.#entries.get(key + shard);
  }

  /** Asks the participant's shard when it is not known yet. Rejects with ShardError. */
  async describe(
    scope: string,
    sql: string,
    parameterTypes: readonly number[],
    participant: Participant,
  ): Promise<Description> {
    const { shard } = participant;
    const known = this.get(scope, sql, parameterTypes, shard);
    if (known !== undefined) return known;
    const description = await ask(participant, sql, parameterTypes);
    if (this.#entries.size >= entriesMax) this.#entries.delete(this.#entries.keys().next().value!);
    // The object ids of what users made differ between shards.
    const key = keyOf(scope, sql, parameterTypes);
    this.#entries.set(isSameEverywhere(description) ? key : key + shard, description);
    return description;
  }
}

function isSameEverywhere({ parameterTypes, fields }: Description): boolean {
  return (
    parameterTypes.every((typeOid) => typeOid < firstUserOid) &&
    (fields ?? []).every(({ typeOid }) => typeOid < firstUserOid)
  );
}

function keyOf(scope: string, sql: string, parameterTypes: readonly number[]): string {
  return `${scope}\n${parameterTypes.join()}\n${sql}\n`;
}

function ask(participant: Participant, sql: string, parameterTypes: readonly number[]): Promise<Description> {
  return new Promise((resolve, reject) => {
    let error: ShardError | undefined;
    let types: number[] = [];
    let fields: Field[] | undefined;
    participant.request([parseTextMessage("", sql, parameterTypes), describeMessage("statement", ""), syncMessage], {
      watched,
      wholeMessages: true,
      forward: () => false,
      message(type, message) {
        if (type === backend.errorResponse) error ??= new ShardError(message);
        else if (type === backend.rowDescription) fields = parseRowDescription(message);
        else if (type === backend.parameterDescription) types = parseParameterTypes(message);
        return false;
      },
      ready: () => (error === undefined ? resolve({ parameterTypes: types, fields }) : reject(error)),
      lost: (reason: AppError) => reject(reason),
    });
  });
}

function parseParameterTypes(message: Buffer): number[] {
  const count = message.readUInt16BE(5);
  return Array.from({ length: count }, (_, i) => message.readUInt32BE(7 + 4 * i));
}
