// Commands of the gateway's own on a connection to a shard; nobody else sees the answer.
import { type AnswerHandler, watch } from "../pgclient/answer-handler.ts";
import type { ServerConnection } from "../pgclient/server-connection.ts";
import { ShardError } from "../pgwire/error-fields.ts";
import { queryMessage } from "../pgwire/frontend-encode.ts";
import { backend } from "../pgwire/message-type.ts";

/** Rejects with ShardError or AppError. */
export async function runSimple(connection: ServerConnection, sql: string): Promise<void> {
  await askRow(connection, sql);
}

/** The columns of the last row as texts; empty when there is none. Rejects with ShardError or AppError. */
export function askRow(connection: ServerConnection, sql: string): Promise<(string | null)[]> {
  return new Promise((resolve, reject) => {
    let error: ShardError | undefined;
    let row: (string | null)[] = [];
    connection.request(queryMessage(sql), {
      watched: watch(backend.errorResponse, backend.dataRow),
      wholeMessages: true,
      forward: () => false,
      message(type, message) {
        if (type === backend.errorResponse) error ??= new ShardError(message);
        else row = columnsOf(message);
        return false;
      },
      ready: () => (error === undefined ? resolve(row) : reject(error)),
      lost: reject,
    });
  });
}

function columnsOf(dataRow: Buffer): (string | null)[] {
  const columns: (string | null)[] = [];
  let at = 7;
  for (let left = dataRow.readInt16BE(5); left > 0; left--) {
    const length = dataRow.readInt32BE(at);
    at += 4;
    columns.push(length < 0 ? null : dataRow.toString("utf8", at, at + length));
    at += Math.max(0, length);
  }
  return columns;
}

/** For what is sent without anybody waiting for its answer. */
export const ignoreAnswer: AnswerHandler = {
  watched: watch(),
  wholeMessages: false,
  forward: () => false,
  message: () => false,
  ready: () => {},
  lost: () => {},
};
