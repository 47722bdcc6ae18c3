// The short way: messages that one shard understands as they are go to it in one write, and its answer, ReadyForQuery
// included, goes to the client as the bytes that come.
import { PassThrough, type PassThroughEvents } from "../src/executor/pass-through.ts";
import type { NeededStatement, ServerConnection } from "../src/pgclient/server-connection.ts";
import type { ShardError } from "../src/pgwire/error-fields.ts";
import { transactionStatus } from "../src/pgwire/message-type.ts";
import type { Plan, SingleShardPlan } from "../src/planner/plan.ts";
import { applySettings } from "../src/pool/apply-settings.ts";
import type { ShardName } from "../src/topology/snapshot.ts";
import { explainLoss, isOutcomeUnknown } from "../src/transaction/lost-connection.ts";
import { Participant } from "../src/transaction/participant.ts";
import { CopyForward } from "./copy-from-client.ts";
import { endOfReserved } from "./reserved-connections.ts";
import { effectOf, SecondChance } from "./second-chance.ts";
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

/** Messages that end with one ReadyForQuery. */
export interface ShardRequest {
  readonly shard: ShardName;
  readonly bytes: Buffer | readonly Buffer[];
  readonly needs: readonly NeededStatement[];
  /** It is proved that nothing is written and nothing locked. */
  readonly readOnly: boolean;
  readonly isExtended: boolean;
  /** Of the statements that are executed. */
  readonly texts: readonly string[];
  /** At every error of the answer. */
  readonly onError?: () => void;
  readonly onRowDescription?: ((message: Buffer) => void) | undefined;
}

/** The transaction has not failed. The session is busy until the answer is complete. */
export function sendToShard(session: Session, request: ShardRequest): void {
  session.begin();
  new ShortWay(session, request).go();
}

class ShortWay implements PassThroughEvents {
  readonly translate: ((typeOid: number) => number) | undefined;
  readonly onRowDescription: ((message: Buffer) => void) | undefined;
  readonly #session: Session;
  readonly #request: ShardRequest;
  readonly #handler: PassThrough;
  readonly #isOpen: boolean;
  /** The transaction, if there is one, has not used the shard before, and may join it anew. */
  readonly #isFirst: boolean;
  #needs: readonly NeededStatement[];
  #connection: ServerConnection | undefined;
  #copy: CopyForward | undefined;
  #chance: SecondChance | undefined;

  constructor(session: Session, request: ShardRequest) {
    const { transaction, client, reserved } = session;
    this.#session = session;
    this.#request = request;
    this.#needs = request.needs;
    this.#isOpen = transaction.status === "open";
    // The shards have agreed on their snapshots by then: another one of this shard would be of another moment.
    const hasAgreed = this.#isOpen && transaction.isolation === "repeatable read" && session.topology.shards.size > 1;
    this.#isFirst = !hasAgreed && !transaction.participants.has(request.shard) && !reserved.has(request.shard);
    this.translate = translationFrom(session, request.shard);
    this.onRowDescription = request.onRowDescription;
    this.#handler = new PassThrough(client, this, true);
  }

  go(): void {
    const { transaction, gateway, reserved, settings, clock, interrupts } = this.#session;
    const { shard, bytes } = this.#request;
    const participant = this.#isOpen && !transaction.mustJoin ? transaction.participants.get(shard) : undefined;
    const kept = reserved.get(shard);
    if (participant !== undefined) this.#sendTo(participant);
    else if (this.#isOpen) {
      transaction.join(shard).then(
        (joined) => this.#sendTo(joined),
        (error: unknown) => this.onLost(error),
      );
    } else if (kept?.settings.key === settings.key) this.#sendTo(new Participant(kept, undefined));
    else if (kept !== undefined) {
      applySettings(kept, settings).then(
        () => this.#sendTo(new Participant(kept, undefined)),
        (error: unknown) => this.onLost(error),
      );
    } else {
      const traveller = this.#session.traveller();
      const { signal } = interrupts;
      gateway.pool.submit({ shard, traveller, bytes, syncs: 1, needs: this.#needs, handler: this.#handler, signal });
    }
    // It waits for a connection, for the first time.
    if (this.#connection === undefined && this.#chance === undefined && clock.isOn) clock.statementBegins(this.#isOpen);
  }

  #sendTo(participant: Participant): void {
    if (!this.#request.readOnly) participant.wrote = true;
    this.#handler.sent(participant.lease.connection);
    participant.request(this.#request.bytes, this.#handler, 1, this.#needs);
  }

  onSent(used: ServerConnection): void {
    const { clock, active } = this.#session;
    this.#connection = used;
    // From here on the shard keeps the time.
    if (clock.isOn) clock.statementSent(this.#isOpen);
    if (!this.#isOpen) active.set(used, this.#request.shard);
  }

  onCopyIn(): void {
    const session = this.#session;
    const { isExtended } = this.#request;
    this.#copy = new CopyForward(this.#connection!, session.client, isExtended, () => {
      session.copy = undefined;
    });
    session.beginCopy(this.#copy, isExtended);
  }

  onError(error: ShardError): void {
    if (this.#copy !== undefined && this.#session.copy === this.#copy) this.#copy.failed();
    this.#request.onError?.();
    this.#session.fail(error, 0);
  }

  onReady(status: number): void {
    const session = this.#session;
    if (this.#isOpen && status === transactionStatus.failed) session.transaction.fail();
    session.active.clear();
    session.saidReady();
    session.done();
  }

  onLost(error: unknown): void {
    this.#session.active.clear();
    this.#connection = undefined;
    if (!this.#isFirst || !this.#canBeSentAgain()) {
      this.#giveUp(error);
      return;
    }
    const { readOnly, texts } = this.#request;
    this.#chance ??= new SecondChance(this.#session);
    this.#chance.mayTryAgain(this.#explain(error), effectOf(readOnly, texts)).then(
      (may) => (may ? this.#again() : this.#giveUp(error)),
      (reason: unknown) => this.#giveUp(reason),
    );
  }

  #explain(error: unknown): unknown {
    return explainLoss(error, this.#isOpen ? "transaction" : this.#request.readOnly ? "read" : "outcome");
  }

  #again(): void {
    if (this.#isOpen) this.#session.transaction.leave(this.#request.shard);
    this.#handler.forget();
    this.go();
  }

  /** The client has had nothing of the answer, but that its Parse is done where that was so already. */
  #canBeSentAgain(): boolean {
    if (this.#handler.hasAnswered) return false;
    const { earlyParses } = this.#handler;
    if (earlyParses === 0) return true;
    if (earlyParses < this.#needs.filter(({ isAnswered }) => isAnswered === true).length) return false;
    this.#needs = this.#needs.map(({ name, parse }) => ({ name, parse }));
    return true;
  }

  #giveUp(error: unknown): void {
    const session = this.#session;
    session.active.clear();
    if (session.copy === this.#copy) session.copy = undefined;
    this.#request.onError?.();
    const explained = this.#explain(error);
    const kept = session.reserved.get(this.#request.shard);
    if (kept?.connection.isClosed !== true) session.fail(explained, undefined);
    else session.fatal(isOutcomeUnknown(explained) ? explained : endOfReserved(kept));
    session.sayReady();
    session.done();
  }
}
