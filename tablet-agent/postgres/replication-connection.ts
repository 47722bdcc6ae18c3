// A connection that speaks the replication protocol with simple queries (manual: "Streaming Replication Protocol").
// Answers are pulled: while nobody asks for the next part, nothing is read and the server has to wait.
import type { Socket } from "node:net";
import { AppError } from "../../src/base/app-error.ts";
import { authenticate } from "../../src/pgclient/authenticate.ts";
import type { ServerAddress } from "../../src/pgclient/server-connection.ts";
import { ShardError } from "../../src/pgwire/error-fields.ts";
import { type Frame, FrameReader } from "../../src/pgwire/frame-reader.ts";
import { queryMessage, startupMessage, terminateMessage } from "../../src/pgwire/frontend-encode.ts";
import { backend, headerBytes } from "../../src/pgwire/message-type.ts";
import type { ScramSecret } from "../../src/pgwire/scram.ts";
import { replicationSocket } from "./replication-socket.ts";

export interface ReplicationLogin {
  readonly user: string;
  readonly secret: ScramSecret | undefined;
}

export interface ReplicationOptions {
  /** Aborted, it fails whatever waits for the server. */
  readonly signal: AbortSignal;
  /** How long the server may be silent while it is asked for something; at the start, 10 s at most. */
  readonly silenceLimitMs: number;
  /** With this certificate of an authority, TCP goes by TLS. */
  readonly authority?: string | undefined;
}

/** Text format; null is SQL NULL. */
export type ReplicationRow = readonly (string | null)[];

export type AnswerPart =
  /** A result begins; an answer may have several. */
  | { readonly kind: "result" }
  | { readonly kind: "row"; readonly row: ReplicationRow }
  | { readonly kind: "copy-start" }
  | { readonly kind: "copy-data"; readonly bytes: Buffer }
  | { readonly kind: "copy-end" };

/** Of silence, for a server that may not be there at all. */
const loginLimitMs = 10_000;
/** PostgreSQL's pieces of a backup are 32 KiB. */
const messageBytesMax = 1024 * 1024;

export class ReplicationConnection {
  /** What the server reported of each parameter. */
  readonly parameters = new Map<string, string>();
  #socket: Socket;
  #chunks: AsyncIterator<Buffer>;
  #frames: Frame[] = [];
  #reader = new FrameReader(messageBytesMax);
  #options: ReplicationOptions;
  #silenceLimitMs: number;
  #abort = () => this.#fail(this.#options.signal.reason);

  /** Throws ShardError for what the server refuses, else AppError; the reason of the signal when it is aborted. */
  static async open(
    address: ServerAddress,
    login: ReplicationLogin,
    options: ReplicationOptions,
  ): Promise<ReplicationConnection> {
    options.signal.throwIfAborted();
    const within = AbortSignal.any([options.signal, AbortSignal.timeout(loginLimitMs)]);
    const socket = await replicationSocket(address, options.authority, within);
    const connection = new ReplicationConnection(socket, options);
    try {
      await connection.#start(login);
      connection.#silenceLimitMs = options.silenceLimitMs;
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  private constructor(socket: Socket, options: ReplicationOptions) {
    this.#options = options;
    this.#silenceLimitMs = Math.min(options.silenceLimitMs, loginLimitMs);
    this.#socket = socket;
    // Errors are thrown by the iterator; one that comes while nobody reads must not end the process.
    this.#socket.on("error", () => {});
    this.#chunks = this.#socket[Symbol.asyncIterator]();
    options.signal.addEventListener("abort", this.#abort);
  }

  /** The rows of the only result of a command. */
  async rows(command: string): Promise<ReplicationRow[]> {
    const rows: ReplicationRow[] = [];
    for await (const part of this.answer(command)) if (part.kind === "row") rows.push(part.row);
    return rows;
  }

  /**
   * Everything that the server answers to one command. Throws ShardError when the command fails; the connection can be
   * used again then, but not when the caller stops iterating before the end.
   */
  async *answer(command: string): AsyncGenerator<AnswerPart> {
    this.#socket.write(queryMessage(command));
    let error: ShardError | undefined;
    for (;;) {
      const { type, bytes } = await this.#next();
      switch (type) {
        case backend.rowDescription:
          yield { kind: "result" };
          break;
        case backend.dataRow:
          yield { kind: "row", row: rowOf(bytes) };
          break;
        case backend.copyOutResponse:
          yield { kind: "copy-start" };
          break;
        case backend.copyData:
          yield { kind: "copy-data", bytes: bytes.subarray(headerBytes) };
          break;
        case backend.copyDone:
          yield { kind: "copy-end" };
          break;
        case backend.errorResponse:
          error = new ShardError(bytes);
          if (error.fields.severity !== "ERROR") throw error;
          break;
        case backend.readyForQuery:
          if (error) throw error;
          return;
        case backend.commandComplete:
        case backend.emptyQueryResponse:
          break;
        default:
          throw new AppError("protocol-violation", `unexpected message ${JSON.stringify(String.fromCharCode(type))}`);
      }
    }
  }

  /** At once, whatever the server is doing for it. */
  close(): void {
    this.#options.signal.removeEventListener("abort", this.#abort);
    this.#socket.end(terminateMessage);
    this.#socket.destroySoon();
  }

  async #start({ user, secret }: ReplicationLogin): Promise<void> {
    let failure: Error | undefined;
    const login = authenticate(
      secret,
      (bytes) => this.#socket.write(bytes),
      (error) => {
        failure = error;
      },
    );
    this.#socket.write(startupMessage({ user, replication: "true" }));
    for (;;) {
      const { type, bytes } = await this.#next();
      if (type === backend.readyForQuery) return;
      login.message(type, bytes);
      if (failure) throw failure;
    }
  }

  /** The next message that is not said by the way. */
  async #next(): Promise<Frame> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame === undefined) await this.#read();
      else if (frame.type === backend.parameterStatus) this.#setParameter(frame.bytes);
      else if (frame.type !== backend.noticeResponse) return frame;
    }
  }

  async #read(): Promise<void> {
    const silenceLimitMs = this.#silenceLimitMs;
    const silence = setTimeout(() => {
      this.#fail(new AppError("server-silent", `the server has said nothing for ${silenceLimitMs} ms`));
    }, silenceLimitMs);
    try {
      const chunk = await this.#chunks.next();
      if (chunk.done) throw new AppError("server-connection-lost", "server closed the connection");
      this.#reader.push(chunk.value, this.#frames);
    } finally {
      clearTimeout(silence);
    }
  }

  #setParameter(message: Buffer): void {
    const [name, value] = message.toString("utf8", headerBytes).split("\0");
    this.parameters.set(name!, value!);
  }

  #fail(reason: unknown): void {
    this.#socket.destroy(reason instanceof Error ? reason : new Error(String(reason)));
  }
}

function rowOf(message: Buffer): ReplicationRow {
  const row: (string | null)[] = [];
  let at = headerBytes + 2;
  for (let left = message.readUInt16BE(headerBytes); left > 0; left--) {
    const length = message.readInt32BE(at);
    at += 4;
    row.push(length < 0 ? null : message.toString("utf8", at, at + length));
    at += Math.max(length, 0);
  }
  return row;
}
