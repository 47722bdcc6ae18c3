// One connection of the proxy: a socket to the gateway, one to the shard, and between them a gate that can be shut at any
// byte. While it is shut ("frozen") nothing passes, not even that one side has closed; what comes meanwhile is kept.
import { connect, type Socket } from "node:net";
import { FrameReader } from "../../src/pgwire/frame-reader.ts";
import { backend } from "../../src/pgwire/message-type.ts";
import type { Address } from "../../src/topology/snapshot.ts";
import { CommitMessages, type WireFrame, type WireMessage } from "./wire-message.ts";

/** Where the gate shuts, and what happens then. */
export interface Stop {
  /** So many bytes of the message are passed on first. */
  readonly deliver: number;
  /** The gate is shut, and what was delivered is on its way. Whoever stops a connection thaws or cuts it in the end. */
  stopped(connection: ProxiedConnection): void;
}

/** Asked about each message of the commit protocol before a byte of it is passed on. undefined: it passes. */
export type MessageListener = (message: WireMessage, bytes: Buffer, connection: ProxiedConnection) => Stop | undefined;

const messageMaxBytes = 64 * 1024 * 1024;
const startupCodes = { cancel: 80877102, ssl: 80877103, gss: 80877104 };

export class ProxiedConnection {
  /** Process of the server that serves it; undefined for a cancel request, and until it is known. */
  backendPid: number | undefined;
  /** Both sides are closed. */
  readonly closed: Promise<void>;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #onMessage: MessageListener;
  readonly #messages = new CommitMessages();
  readonly #requests = new FrameReader(messageMaxBytes);
  readonly #answers = new FrameReader(messageMaxBytes);
  /** Bytes of the startup packet that have come; undefined when it is complete. */
  #startup: Buffer | undefined = Buffer.alloc(0);
  #isCancelRequest = false;
  #isFrozen = false;
  /** What came while the gate was shut, in order. */
  #held: (() => void)[] = [];

  constructor(client: Socket, target: Address, onMessage: MessageListener) {
    const { host, port } = target;
    this.#client = client;
    this.#server = host.startsWith("/") ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    this.#onMessage = onMessage;
    const ends: Promise<void>[] = [];
    for (const [socket, other] of [
      [this.#client, this.#server],
      [this.#server, this.#client],
    ] as const) {
      socket.setNoDelay(true);
      // "close" follows.
      socket.on("error", () => {});
      const end = Promise.withResolvers<void>();
      ends.push(end.promise);
      socket.on("close", () => {
        end.resolve();
        this.#unlessFrozen(() => other.end());
      });
    }
    this.closed = Promise.all(ends).then(() => {});
    this.#client.on("data", (chunk: Buffer) => this.#unlessFrozen(() => this.#fromClient(chunk)));
    this.#server.on("data", (chunk: Buffer) => this.#unlessFrozen(() => this.#fromServer(chunk)));
  }

  freeze(): void {
    this.#isFrozen = true;
  }

  /** Everything goes on, beginning with what was kept. */
  thaw(): void {
    this.#isFrozen = false;
    for (const event of this.#held.splice(0)) this.#unlessFrozen(event);
  }

  /** Both sides are gone at once, and what was kept is lost. */
  cut(): void {
    this.#held = [];
    this.#client.destroy();
    this.#server.destroy();
  }

  /** Only the gateway's side is gone. If the connection is frozen, the shard learns of it by `thaw`, last. */
  cutClient(): void {
    this.#client.destroy();
  }

  #unlessFrozen(event: () => void): void {
    if (this.#isFrozen) this.#held.push(event);
    else event();
  }

  #fromClient(chunk: Buffer): void {
    if (this.#isCancelRequest) {
      this.#server.write(chunk);
      return;
    }
    const frames: WireFrame[] = [];
    this.#requests.push(this.#startup === undefined ? chunk : this.#afterStartup(chunk), frames);
    for (const frame of frames) {
      this.#unlessFrozen(() => this.#pass(frame, this.#messages.request(frame), this.#server));
    }
  }

  /** What follows the startup packet in these bytes. */
  #afterStartup(chunk: Buffer): Buffer {
    const bytes = Buffer.concat([this.#startup!, chunk]);
    const length = bytes.length < 8 ? Number.POSITIVE_INFINITY : bytes.readInt32BE(0);
    if (bytes.length < length) {
      this.#startup = bytes;
      return Buffer.alloc(0);
    }
    const [packet, rest] = [bytes.subarray(0, length), bytes.subarray(length)];
    const code = packet.readInt32BE(4);
    if (code === startupCodes.ssl || code === startupCodes.gss) {
      // As a server without encryption: the startup packet comes next.
      this.#startup = rest;
      this.#client.write("N");
      return Buffer.alloc(0);
    }
    this.#startup = undefined;
    this.#isCancelRequest = code === startupCodes.cancel;
    this.#server.write(packet);
    return rest;
  }

  #fromServer(chunk: Buffer): void {
    const frames: WireFrame[] = [];
    this.#answers.push(chunk, frames);
    for (const frame of frames) {
      if (frame.type === backend.backendKeyData) this.backendPid = frame.bytes.readInt32BE(5);
      this.#unlessFrozen(() => this.#pass(frame, this.#messages.answer(frame), this.#client));
    }
  }

  #pass({ bytes }: WireFrame, message: WireMessage | undefined, to: Socket): void {
    const stop = message && this.#onMessage(message, bytes, this);
    if (stop === undefined) {
      write(to, bytes);
      return;
    }
    this.freeze();
    this.#held.unshift(() => write(to, bytes.subarray(stop.deliver)));
    if (stop.deliver === 0) stop.stopped(this);
    else write(to, bytes.subarray(0, stop.deliver), () => stop.stopped(this));
  }
}

function write(to: Socket, bytes: Buffer, written: () => void = () => {}): void {
  if (to.destroyed) written();
  else to.write(bytes, written);
}
