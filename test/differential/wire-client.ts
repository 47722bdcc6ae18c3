// A client that hides nothing: it sends messages of the protocol and keeps everything that is answered. Drivers would
// convert values, swallow notices and choose the protocol themselves.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Frame, FrameReader } from "../../src/pgwire/frame-reader.ts";
import { backend, frontend, headerBytes } from "../../src/pgwire/message-type.ts";
import { MessageWriter } from "../../src/pgwire/message-writer.ts";
import type { Answer } from "./answer.ts";
import { AnswerBuilder } from "./answer-builder.ts";
import type { ExtendedBatch } from "./extended-batch.ts";

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
}

/** How long a server may be silent before the case counts as hanging. */
const silenceMaxMs = 20_000;

export class WireClient {
  readonly #socket: Socket;
  readonly #reader = new FrameReader(64 * 1024 * 1024);
  readonly #frames: Frame[] = [];
  #wake: () => void = () => {};
  #lost: Error | undefined;

  static async connect({ host, port, database }: ServerAddress): Promise<WireClient> {
    const socket = connect({ host, port, noDelay: true });
    await once(socket, "connect");
    const client = new WireClient(socket);
    const settings = { user: "postgres", database, application_name: "differential", client_encoding: "UTF8" };
    const body = Buffer.from(`${Object.entries(settings).flat().join("\0")}\0\0`);
    const head = Buffer.alloc(8);
    head.writeInt32BE(8 + body.length, 0);
    head.writeInt32BE(3 << 16, 4);
    socket.write(Buffer.concat([head, body]));
    const { results } = await client.#answer(undefined);
    const error = results.find((result) => result.error)?.error;
    if (error) throw new Error(`cannot connect: ${error.message}`);
    return client;
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.#reader.push(chunk, this.#frames);
      this.#wake();
    });
    const lost = (error?: Error) => {
      this.#lost ??= error ?? new Error("the server closed the connection");
      this.#wake();
    };
    socket.on("error", lost);
    socket.on("close", () => lost());
  }

  /** A simple query. `copyData` is sent when the server asks for it (COPY FROM STDIN). */
  simple(sql: string, copyData?: string): Promise<Answer> {
    this.#socket.write(new MessageWriter().begin(frontend.query).cstring(sql).end().take());
    return this.#answer(copyData);
  }

  /** Messages up to a Sync. Their Sync is void if one of them is COPY FROM STDIN: then the data is followed by another. */
  extended(batch: ExtendedBatch, copyData?: string): Promise<Answer> {
    this.#socket.write(batch.take());
    return this.#answer(copyData, true);
  }

  close(): void {
    this.#socket.end(new MessageWriter().begin(frontend.terminate).end().take());
    this.#socket.destroySoon();
  }

  async #answer(copyData: string | undefined, syncAfterCopy = false): Promise<Answer> {
    const answer = new AnswerBuilder();
    for (;;) {
      const { type, bytes } = await this.#next();
      if (type === backend.readyForQuery) return answer.finish(String.fromCharCode(bytes[headerBytes]!));
      answer.take(type, bytes);
      if (type === backend.copyInResponse) this.#sendCopy(copyData, syncAfterCopy);
    }
  }

  /** Data in two pieces, cut within a line, as clients do that send blocks. */
  #sendCopy(copyData: string | undefined, syncAfterCopy: boolean): void {
    const writer = new MessageWriter();
    if (copyData === undefined) {
      writer.begin(frontend.copyFail).cstring("no data in the case").end();
    } else {
      const bytes = Buffer.from(copyData);
      const middle = bytes.length >> 1;
      for (const part of [bytes.subarray(0, middle), bytes.subarray(middle)]) {
        if (part.length > 0) writer.begin(frontend.copyData).bytes(part).end();
      }
      writer.begin(frontend.copyDone).end();
    }
    if (syncAfterCopy) writer.begin(frontend.sync).end();
    this.#socket.write(writer.take());
  }

  async #next(): Promise<Frame> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame) return frame;
      if (this.#lost) throw this.#lost;
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          this.#lost = new Error(`no answer within ${silenceMaxMs / 1000} s`);
          this.#socket.destroy();
          reject(this.#lost);
        }, silenceMaxMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
