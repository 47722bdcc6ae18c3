// One statement on one shard, its answer to the client as the bytes that come; all but CommandComplete, which the caller
// sends.
import { PassThrough } from "../src/executor/pass-through.ts";
import { ShardRows } from "../src/executor/shard-rows.ts";
import { commandComplete, emptyQueryResponse } from "../src/pgwire/backend-message.ts";
import type { ShardError } from "../src/pgwire/error-fields.ts";
import { queryMessage } from "../src/pgwire/frontend-encode.ts";
import { encodeRowDescription } from "../src/pgwire/row-description.ts";
import type { Participant } from "../src/transaction/participant.ts";
import { CopyForward } from "./copy-from-client.ts";
import type { Session } from "./session.ts";
import type { Statement } from "./statement.ts";
import { translationFrom } from "./translation.ts";

/** Resolves with CommandComplete (or EmptyQueryResponse). Rejects with ShardError or AppError. */
export function forward(session: Session, participant: Participant, statement: Statement): Promise<Buffer> {
  if (statement.bound !== undefined || statement.taker !== undefined || statement.run.parameters !== undefined) {
    return forwardBound(session, participant, statement);
  }
  return new Promise((resolve, reject) => {
    let error: ShardError | undefined;
    let completion: Buffer = emptyQueryResponse;
    let copy: CopyForward | undefined;
    const handler = new PassThrough(
      session.client,
      {
        translate: translationFrom(session, participant.shard),
        onError(reason) {
          error ??= reason;
          if (session.copy !== undefined && session.copy === copy) copy?.failed();
        },
        onCommandComplete(message) {
          completion = Buffer.from(message);
          return true;
        },
        onCopyIn() {
          copy = new CopyForward(participant.lease.connection, session.client, false, () => {
            session.copy = undefined;
          });
          session.beginCopy(copy, false);
        },
        onReady: () => (error === undefined ? resolve(completion) : reject(error)),
        onLost(reason) {
          if (session.copy === copy) session.copy = undefined;
          reject(reason);
        },
      },
      false,
    );
    handler.sent(participant.lease.connection);
    participant.request(queryMessage(statement.run.text), handler);
  });
}

/** A statement with values, by the extended protocol; the rows come to the client by its taker. */
async function forwardBound(session: Session, participant: Participant, statement: Statement): Promise<Buffer> {
  const { run, output, taker, bound } = statement;
  const rows = new ShardRows(
    participant,
    {
      sql: run.text,
      parameters: run.parameters,
      parameterTypes: (bound?.shared.declaredTypes ?? run.parameterTypes).map((typeOid) =>
        session.database.userTypes.toShard(participant.shard, typeOid),
      ),
      formats: output.formats,
    },
    session.client,
  );
  rows.run();
  let isFailed = true;
  try {
    await rows.described;
    if (rows.fields !== undefined) {
      const translate = translationFrom(session, participant.shard) ?? ((typeOid: number) => typeOid);
      const fields = rows.fields.map((field) => ({ ...field, typeOid: translate(field.typeOid) }));
      if (taker !== undefined) taker.fields(fields);
      else if (output.describe) session.client.write(encodeRowDescription(fields));
    }
    for (let batch = await rows.next(); batch !== undefined; batch = await rows.next()) {
      if (taker !== undefined) await taker.rows(batch);
      else if (!session.client.write(batch)) await session.client.drained();
    }
    isFailed = false;
  } finally {
    await rows.close(isFailed);
  }
  return rows.tag === "" ? emptyQueryResponse : commandComplete(rows.tag);
}
