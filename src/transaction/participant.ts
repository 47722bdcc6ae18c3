// One shard's part in a transaction: a connection, and what has happened on it.
import { type AnswerHandler, watch } from "../pgclient/answer-handler.ts";
import type { NeededStatement } from "../pgclient/server-connection.ts";
import { commandComplete } from "../pgwire/backend-message.ts";
import { ShardError } from "../pgwire/error-fields.ts";
import { queryMessage } from "../pgwire/frontend-encode.ts";
import { backend, transactionStatus } from "../pgwire/message-type.ts";
import type { Lease } from "../pool/pool.ts";
import type { ShardName } from "../topology/snapshot.ts";
import { notifyCatalogSql } from "./catalog-channel.ts";

export class Participant {
  readonly lease: Lease;
  /** It has used something that PREPARE TRANSACTION refuses (LISTEN, NOTIFY, temporary tables). */
  cannotPrepare = false;
  /** The catalog has changed here, at home: its COMMIT tells all gateways (PREPARE cannot). */
  notifies = false;
  /** The reason why this connection must stay with the session. */
  isReserved = false;
  /** COMMIT PREPARED or ROLLBACK PREPARED is on its way, and nobody waits for it: settles when the connection is free. */
  busyUntil: Promise<void> | undefined;
  /** Whose cancel requests must not reach it any more: time limits do not end a COMMIT in PostgreSQL either. */
  shieldedFrom: "nothing" | "all but the client" | "everything" = "nothing";
  #wrote = false;
  /** BEGIN, not sent yet: it travels with the first statement. */
  #opening: string | undefined;
  readonly #begin: string | undefined;
  #onNews: (message: Buffer) => void;

  /** `opening`: the BEGIN to be sent first. `onNews`: gets what `runAudibly` lets the client hear. */
  constructor(lease: Lease, opening: string | undefined, onNews: (message: Buffer) => void = () => {}) {
    this.lease = lease;
    this.#opening = opening;
    this.#begin = opening;
    this.#onNews = onNews;
  }

  get shard(): ShardName {
    return this.lease.shard;
  }

  /** Something may have been written: it takes part in a two-phase commit. Not on a standby. */
  get wrote(): boolean {
    return this.#wrote;
  }

  set wrote(wrote: boolean) {
    this.#wrote = wrote && this.lease.standby === undefined;
  }

  get hasBegun(): boolean {
    return this.#opening === undefined;
  }

  get commitSql(): string {
    return this.notifies ? `${notifyCatalogSql}; COMMIT` : "COMMIT";
  }

  /** The shard has a transaction open for it. */
  get isOpen(): boolean {
    const { connection } = this.lease;
    if (!this.hasBegun || connection.isClosed || this.busyUntil !== undefined) return false;
    return connection.inFlight > 0 || connection.status !== transactionStatus.idle;
  }

  /** Rolls back; BEGIN travels again with what comes next. */
  restart(): void {
    if (this.hasBegun) this.request(queryMessage("ROLLBACK"), unseen);
    this.#opening = this.#begin;
  }

  request(
    bytes: Buffer | readonly Buffer[],
    handler: AnswerHandler,
    syncs = 1,
    needs: readonly NeededStatement[] = [],
  ): void {
    const { connection } = this.lease;
    if (this.#opening === undefined) {
      connection.request(bytes, handler, syncs, needs);
      return;
    }
    const opening = queryMessage(this.#opening);
    this.#opening = undefined;
    connection.cork();
    connection.request(opening, unseen);
    connection.request(bytes, handler, syncs, needs);
    connection.uncork();
  }

  /**
   * To be called before what must not be cancelled: a commit that waits for a standby would give up the wait, and with
   * it what makes a decision durable. Resolves when no cancel request is on its way any more.
   */
  shield(): Promise<void> {
    this.shieldedFrom = "everything";
    return new Promise((resolve) => this.lease.connection.afterCancel(resolve));
  }

  /** Runs a command of the gateway's own; only its end is of interest. Rejects with ShardError or AppError. */
  run(sql: string): Promise<void> {
    return this.#run(sql, () => {});
  }

  /** The same for a command that the client has sent: it hears of notices, and of settings that change. */
  runAudibly(sql: string): Promise<void> {
    return this.#run(sql, this.#onNews);
  }

  #run(sql: string, onNews: (message: Buffer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      let error: ShardError | undefined;
      let hasCommitted = false;
      this.request(queryMessage(sql), {
        watched: watch(backend.errorResponse, backend.noticeResponse, backend.parameterStatus, backend.commandComplete),
        wholeMessages: false,
        forward: () => false,
        message(type, message) {
          if (type === backend.errorResponse) error ??= new ShardError(message);
          else if (type === backend.commandComplete) hasCommitted = message.equals(commitComplete);
          else onNews(Buffer.from(message));
          return false;
        },
        ready: () => (error === undefined ? resolve() : reject(error)),
        // A connection may break behind the word that it is done.
        lost: (reason) => (hasCommitted ? resolve() : reject(reason)),
      });
    });
  }

  /** Runs a query of the gateway's own that gives one text value ("" when it gives no row or NULL). */
  queryText(sql: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let error: ShardError | undefined;
      let value = "";
      this.request(queryMessage(sql), {
        watched: watch(backend.errorResponse, backend.dataRow),
        wholeMessages: true,
        forward: () => false,
        message(type, message) {
          if (type === backend.errorResponse) error ??= new ShardError(message);
          else value = message.readInt32BE(7) < 0 ? "" : message.toString("utf8", 11, 11 + message.readInt32BE(7));
          return false;
        },
        ready: () => (error === undefined ? resolve(value) : reject(error)),
        lost: reject,
      });
    });
  }
}

const commitComplete = commandComplete("COMMIT");

/**
 * Nobody looks at the answer to BEGIN: where it fails, so does the statement behind it or the COMMIT. It must not be
 * cancelled, or else the statement would be a transaction of its own.
 */
const unseen: AnswerHandler = {
  isUncancellable: true,
  watched: watch(),
  wholeMessages: false,
  forward: () => false,
  message: () => false,
  ready: () => {},
  lost: () => {},
};
