// The short way: messages that one shard understands as they are go to it in one write, and its answer, ReadyForQuery
// included, goes to the client as the bytes that come.
import { PassThrough } from "../src/executor/pass-through.ts";
import type { NeededStatement, ServerConnection } from "../src/pgclient/server-connection.ts";
import { transactionStatus } from "../src/pgwire/message-type.ts";
import type { Plan, SingleShardPlan } from "../src/planner/plan.ts";
import type { ShardName } from "../src/topology/snapshot.ts";
import { explainLoss } from "../src/transaction/lost-connection.ts";
import { Participant } from "../src/transaction/participant.ts";
import { CopyForward } from "./copy-from-client.ts";
import type { Session } from "./session.ts";
import { translationFrom } from "./translation.ts";

/** Nothing about the plan concerns the session. */
export function isPlain(plan: Plan): plan is SingleShardPlan {
  return (
    plan.kind === "single-shard" &&
    plan.reserve === undefined &&
    plan.declaresCursor === undefined &&
    plan.createsTemporary === undefined &&
    plan.dropsTemporary === undefined &&
    plan.needsReservation === undefined
  );
}

export interface ShortWayEvents {
  /** At every error of the answer. */
  readonly onError?: () => void;
  readonly onRowDescription?: ((message: Buffer) => void) | undefined;
}

/**
 * Messages that end with one ReadyForQuery; the transaction has not failed. The session is busy until the answer is
 * complete.
 */
export function sendToShard(
  session: Session,
  shard: ShardName,
  readOnly: boolean,
  bytes: Buffer | readonly Buffer[],
  needs: readonly NeededStatement[],
  isExtended: boolean,
  { onError = () => {}, onRowDescription }: ShortWayEvents = {},
): void {
  const { transaction, client, gateway, reserved, clock, interrupts } = session;
  const isOpen = transaction.status === "open";
  let connection: ServerConnection | undefined;
  let copy: CopyForward | undefined;
  const lost = (error: unknown) => {
    session.active.clear();
    if (session.copy === copy) session.copy = undefined;
    onError();
    session.fail(explainLoss(error, isOpen ? "transaction" : readOnly ? "read" : "outcome"), undefined);
    session.sayReady();
    session.done();
  };
  const handler = new PassThrough(
    client,
    {
      ...(onRowDescription === undefined ? {} : { onRowDescription }),
      translate: translationFrom(session, shard),
      onSent(used) {
        connection = used;
        // From here on the shard keeps the time.
        if (clock.isOn) clock.statementSent();
        if (!isOpen) session.active.set(used, shard);
      },
      onCopyIn() {
        copy = new CopyForward(connection!, client, isExtended, () => {
          session.copy = undefined;
        });
        session.beginCopy(copy, isExtended);
      },
      onError(error) {
        if (copy !== undefined && session.copy === copy) copy.failed();
        onError();
        session.fail(error, 0);
      },
      onReady(status) {
        if (isOpen && status === transactionStatus.failed) transaction.fail();
        session.active.clear();
        session.saidReady();
        session.done();
      },
      onLost: lost,
    },
    true,
  );
  const sendTo = (participant: Participant) => {
    if (!readOnly) participant.wrote = true;
    handler.sent(participant.lease.connection);
    participant.request(bytes, handler, 1, needs);
  };
  session.begin();
  const participant = isOpen && !transaction.mustJoin ? transaction.participants.get(shard) : undefined;
  const kept = reserved.get(shard);
  if (participant !== undefined) sendTo(participant);
  else if (isOpen) transaction.join(shard).then(sendTo, lost);
  else if (kept !== undefined) sendTo(new Participant(kept, undefined));
  else {
    const traveller = session.traveller();
    gateway.pool.submit({ shard, traveller, bytes, syncs: 1, needs, handler, signal: interrupts.signal });
  }
  // It waits for a connection.
  if (connection === undefined && clock.isOn) clock.statementBegins(isOpen);
}
