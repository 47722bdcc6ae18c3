// One connection to one PostgreSQL. Requests are answered in the order in which they were sent, each by its own handler.
import { connect as connectSocket, type Socket } from "node:net";
import { serialize } from "pg-protocol";
import { assert } from "../base/assert.ts";
import { parseComplete } from "../pgwire/backend-message.ts";
import { ShardError } from "../pgwire/error-fields.ts";
import { terminateMessage } from "../pgwire/frontend-encode.ts";
import { backend, transactionStatus } from "../pgwire/message-type.ts";
import type { ScramSecret } from "../pgwire/scram.ts";
import type { AnswerHandler } from "./answer-handler.ts";
import { AnswerReader } from "./answer-reader.ts";
import { authenticate } from "./authenticate.ts";
import { sendCancelRequest } from "./cancel-request.ts";
import { ConnectionLost, type ServerIdentity } from "./connection-lost.ts";
import { isLastWarning } from "./last-warning.ts";
import { PreparedNames } from "./prepared-names.ts";

/** `host` beginning with a slash is the directory of a Unix socket, as in libpq. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export interface ServerLogin {
  readonly database: string;
  readonly user: string;
  readonly secret: ScramSecret | undefined;
  /** Of the session from its beginning, above those that the server has for role and database. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/** A prepared statement that the request needs; the connection prepares it first when it has not yet. */
export interface NeededStatement {
  readonly name: string;
  /** The Parse message that makes it. */
  readonly parse: Buffer;
  /** The client has sent this Parse itself and waits for its ParseComplete. */
  readonly isAnswered?: boolean;
}

interface Exchange {
  readonly handler: AnswerHandler;
  syncsLeft: number;
  /** Statements that are prepared in front of the request, in order. */
  readonly preparing: NeededStatement[];
}

const readBufferBytes = 64 * 1024;

export class ServerConnection {
  readonly address: ServerAddress;
  /** As it was when the connection was opened. */
  readonly login: ServerLogin;
  /** Which server of which shard it is, as whoever has opened it knows; `run`: another one for each start of the server. */
  server: ServerIdentity | undefined;
  /** What the server last reported of each parameter. */
  readonly parameters = new Map<string, string>();
  /** Status byte of the last ReadyForQuery. */
  status: number = transactionStatus.idle;
  processId = 0;
  #secretKey = 0;
  #socket: Socket;
  #reader: AnswerReader;
  #exchanges: Exchange[] = [];
  /** Whoever prepares or removes a statement by a request of its own has to say so here. */
  readonly prepared = new PreparedNames();
  #readBuffer: Buffer;
  #bufferInUse = false;
  #closed: ConnectionLost | undefined;
  /** The FATAL error that the server sent before closing. */
  #farewell: ShardError | undefined;
  /** Cancel requests that the server has not taken yet. */
  #cancels = 0;
  /** One that waits for a request which must not be cancelled. */
  #isCancelWanted = false;
  #cancelListeners: (() => void)[] = [];
  /** Requests that came while a cancel request was on its way, which might have hit them. */
  #held: (() => void)[] = [];
  #answered = 0;
  #onClose: () => void = () => {};
  #onNotification: ((message: Buffer) => void) | undefined;

  /**
   * Resolves when the server is ready for queries. Throws ShardError for what the server refuses, else AppError, or what
   * `signal` is aborted with.
   */
  static async open(
    address: ServerAddress,
    login: ServerLogin,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<ServerConnection> {
    signal?.throwIfAborted();
    const connection = new ServerConnection(address, login);
    const giveUp = () => connection.sever(signal?.reason as Error);
    signal?.addEventListener("abort", giveUp);
    try {
      await connection.#start(timeoutMs);
      return connection;
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  private constructor(address: ServerAddress, login: ServerLogin) {
    this.address = address;
    this.login = { ...login };
    this.#reader = new AnswerReader({
      current: () => this.#exchanges[0]?.handler,
      own: (type, message) => this.#own(type, message),
    });
    this.#readBuffer = Buffer.allocUnsafeSlow(readBufferBytes);
    this.#socket = connectSocket({
      ...(address.host.startsWith("/")
        ? { path: `${address.host}/.s.PGSQL.${address.port}` }
        : { host: address.host, port: address.port, noDelay: true, keepAlive: true }),
      onread: {
        buffer: () => {
          if (this.#bufferInUse) {
            this.#readBuffer = Buffer.allocUnsafeSlow(readBufferBytes);
            this.#bufferInUse = false;
          }
          return this.#readBuffer;
        },
        callback: (bytes) => {
          this.#received(bytes);
          return true;
        },
      },
    });
    this.#socket.on("error", (error) => this.#lose(error));
    this.#socket.on("close", () => this.#lose(undefined));
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Why it is closed, for those who wanted to send something: nothing of it was sent. */
  get lostBefore(): ConnectionLost | undefined {
    if (this.#closed === undefined) return undefined;
    return new ConnectionLost(this.#closed.cause, "safe", this.server);
  }

  /** Requests that wait for their answer. */
  get inFlight(): number {
    return this.#exchanges.length + this.#held.length;
  }

  /** Requests that have had their answer: while it stays the same, so does the request that is being answered. */
  get answered(): number {
    return this.#answered;
  }

  /** Bytes that have come before somebody called `pause`, so that the server cannot go on; undefined while it can. */
  get pausedAt(): number | undefined {
    return this.#socket.isPaused() ? this.#socket.bytesRead : undefined;
  }

  /** Bytes that wait to be sent. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  onClose(listener: () => void): void {
    this.#onClose = listener;
  }

  /** NOTIFY of other sessions comes at any time; without a listener it is dropped. The memory is reused afterwards. */
  onNotification(listener: (message: Buffer) => void): void {
    this.#onNotification = listener;
  }

  /** Resolves when everything written so far has been handed to the system; rejects when the connection is lost. */
  drained(): Promise<void> {
    if (this.#closed) return Promise.reject(this.#closed);
    if (!this.#socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#socket.off("drain", done);
        this.#socket.off("close", done);
        if (this.#closed) reject(this.#closed);
        else resolve();
      };
      this.#socket.on("drain", done);
      this.#socket.on("close", done);
    });
  }

  /**
   * Sends one request in one write. `syncs` is the number of ReadyForQuery that its answer has; `needs` are prepared
   * first when the connection does not have them.
   */
  request(
    bytes: Buffer | readonly Buffer[],
    handler: AnswerHandler,
    syncs = 1,
    needs: readonly NeededStatement[] = [],
  ): void {
    if (this.#closed) {
      handler.lost(this.lostBefore!);
      return;
    }
    if (this.#cancels > 0) {
      this.#held.push(() => this.request(bytes, handler, syncs, needs));
      return;
    }
    const preparing: NeededStatement[] = [];
    const parses: Buffer[] = [];
    for (const statement of needs) {
      const { name } = statement;
      if (this.prepared.has(name) || isAmong(preparing, name) || this.#isPreparing(name)) {
        if (statement.isAnswered === true) handler.forward(parseComplete);
        continue;
      }
      preparing.push(statement);
      parses.push(statement.parse);
    }
    this.#exchanges.push({ handler, syncsLeft: syncs, preparing });
    if (parses.length > 0) this.write([...parses, ...(Buffer.isBuffer(bytes) ? [bytes] : bytes)]);
    else this.write(bytes);
  }

  /** Its Parse is on its way in front of an earlier request. */
  #isPreparing(name: string): boolean {
    return this.#exchanges.some(({ preparing }) => isAmong(preparing, name));
  }

  /** Bytes that belong to the request in flight: CopyData, CopyDone. False: wait for `drained` before more. */
  write(bytes: Buffer | readonly Buffer[]): boolean {
    if (Buffer.isBuffer(bytes)) return this.#socket.write(bytes);
    let total = 0;
    for (const piece of bytes) total += piece.length;
    if (total <= 16 * 1024) return this.#socket.write(bytes.length === 1 ? bytes[0]! : Buffer.concat(bytes, total));
    this.#socket.cork();
    for (const piece of bytes) this.#socket.write(piece);
    this.#socket.uncork();
    return !this.#socket.writableNeedDrain;
  }

  /** Holds back what is written until `uncork`, so that several requests leave in one write. */
  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  /** Stops reading, so that the server stops sending. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /**
   * Asks the server to cancel what this one is doing. Never fails. Until the server has taken the request this connection
   * must not serve anybody else, who would be cancelled instead; requests that come meanwhile are held back. (A backend
   * that waits for its next command drops the signal: ProcessInterrupts in postgres.c.)
   */
  cancel(): void {
    if (this.#closed || this.processId === 0) return;
    this.#isCancelWanted = this.#exchanges[0]?.handler.isUncancellable === true;
    if (this.#isCancelWanted) return;
    this.#cancels++;
    sendCancelRequest(this.address, this.processId, this.#secretKey, () => {
      if (--this.#cancels > 0) return;
      for (const request of this.#held.splice(0)) request();
      for (const listener of this.#cancelListeners.splice(0)) listener();
    });
  }

  /** Calls once no cancel request is on its way to the server any more. */
  afterCancel(listener: () => void): void {
    if (this.#cancels === 0) listener();
    else this.#cancelListeners.push(listener);
  }

  get isCancelling(): boolean {
    return this.#cancels > 0;
  }

  /** Ends the connection politely when it is idle; otherwise what the server does for it is cancelled. */
  close(): void {
    if (this.#closed) return;
    if (this.inFlight === 0) {
      this.#socket.end(terminateMessage);
    } else {
      // PostgreSQL notices that its client is gone only when it has something to say.
      this.cancel();
      this.#socket.destroy();
    }
    this.#lose(undefined);
    // A peer that does not close its side must not keep ours.
    setTimeout(() => this.#socket.destroy(), 1_000).unref();
  }

  /** Cuts it off, whatever the server is doing: it is not the one any more that should do it, or does not answer. */
  sever(reason: Error): void {
    this.#socket.destroy();
    this.#lose(reason);
  }

  #start(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.sever(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      const finish = (error: Error | undefined) => {
        clearTimeout(timer);
        if (error === undefined) {
          resolve();
          return;
        }
        // Before `#lose`, which tells the same handler.
        reject(error);
        this.sever(error);
      };
      const { user, database, settings } = this.login;
      const handler = authenticate(this.login.secret, (bytes) => this.#socket.write(bytes), finish);
      this.request(serialize.startup({ user, database, client_encoding: "UTF8", ...settings }), handler);
    });
  }

  #received(bytes: number): void {
    try {
      if (this.#reader.push(this.#readBuffer.subarray(0, bytes))) this.#bufferInUse = true;
    } catch (error) {
      this.sever(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #own(type: number, message: Buffer): boolean {
    const exchange = this.#exchanges[0];
    switch (type) {
      case backend.readyForQuery: {
        this.status = message[5]!;
        if (exchange === undefined) return true;
        exchange.syncsLeft--;
        if (exchange.syncsLeft === 0) {
          this.#exchanges.shift();
          this.#answered++;
          if (this.#isCancelWanted && this.#exchanges.length > 0) this.cancel();
          this.#isCancelWanted = false;
        }
        exchange.handler.ready(this.status, exchange.syncsLeft);
        return true;
      }
      case backend.parameterStatus: {
        const nameEnd = message.indexOf(0, 5);
        const name = message.toString("utf8", 5, nameEnd);
        this.parameters.set(name, message.toString("utf8", nameEnd + 1, message.length - 1));
        return exchange === undefined;
      }
      case backend.parseComplete: {
        const statement = exchange?.preparing.shift();
        if (statement === undefined) return false;
        this.prepared.add(statement.name);
        return statement.isAnswered !== true;
      }
      case backend.errorResponse: {
        const error = new ShardError(message);
        if (exchange !== undefined) exchange.preparing.length = 0;
        if (error.fields.severity === "ERROR") return exchange === undefined;
        // FATAL and PANIC end the connection; whoever waits learns of it when it closes. While starting it is the answer.
        this.#farewell = error;
        return this.processId !== 0 || exchange === undefined;
      }
      case backend.noticeResponse:
        return exchange === undefined || isLastWarning(message);
      case backend.notificationResponse:
        this.#onNotification?.(message);
        return true;
      case backend.backendKeyData:
        this.processId = message.readInt32BE(5);
        this.#secretKey = message.readInt32BE(9);
        return true;
      default:
        return exchange === undefined;
    }
  }

  #lose(cause: Error | undefined): void {
    if (this.#closed) return;
    const reason = this.#farewell ?? cause;
    this.#closed = new ConnectionLost(reason, "never", this.server);
    const waiting = this.#exchanges;
    this.#exchanges = [];
    for (const { handler } of waiting) handler.lost(this.#closed);
    for (const request of this.#held.splice(0)) request();
    assert(this.#exchanges.length === 0, "a request was sent on a closed connection");
    this.#onClose();
  }
}

function isAmong(statements: readonly NeededStatement[], name: string): boolean {
  return statements.some((statement) => statement.name === name);
}
