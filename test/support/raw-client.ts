// A client that says exactly what a test wants it to say, byte by byte, and shows what comes back as short lines.
import { connect, type Socket } from "node:net";
import { serialize } from "pg-protocol";
import { parseErrorFields } from "../../src/pgwire/error-fields.ts";
import { type Frame, FrameReader } from "../../src/pgwire/frame-reader.ts";

export class RawClient {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  #reader = new FrameReader(0x3fffffff);
  #raw: Buffer[] = [];
  #isStarted = false;
  #wake: (() => void) | undefined;
  isClosed = false;
  #isReading = true;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      if (this.#isStarted) this.#reader.push(chunk, this.frames);
      else this.#raw.push(chunk);
      this.#notify();
    });
    socket.on("close", () => {
      this.isClosed = true;
      this.#notify();
    });
    socket.on("error", () => {});
  }

  static open(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port, noDelay: true });
      socket.once("connect", () => resolve(new RawClient(socket)));
      socket.once("error", reject);
    });
  }

  /** Connected, greeted and ready. */
  static async ready(port: number, user = "postgres", database = "postgres"): Promise<RawClient> {
    const client = await RawClient.open(port);
    client.start({ user, database });
    await client.until("Z");
    client.frames.length = 0;
    return client;
  }

  start(parameters: Record<string, string>): void {
    this.#isStarted = true;
    this.socket.write(serialize.startup(parameters));
  }

  /** What follows is read as messages. */
  expectMessages(): void {
    this.#isStarted = true;
    const bytes = Buffer.concat(this.#raw.splice(0));
    if (bytes.length > 0) this.#reader.push(bytes, this.frames);
  }

  send(...messages: Buffer[]): void {
    this.socket.write(Buffer.concat(messages));
  }

  pause(): void {
    this.#isReading = false;
    this.socket.pause();
  }

  resume(): void {
    if (!this.#isReading) this.socket.resume();
    this.#isReading = true;
  }

  /** The bytes that came before there were messages. */
  async rawBytes(count: number): Promise<Buffer> {
    while (Buffer.concat(this.#raw).length < count && !this.isClosed) await this.#more();
    return Buffer.concat(this.#raw);
  }

  /** Resolves with all messages so far, as lines, once the `count`th of this type has come or the connection is closed. */
  async until(type: string, count = 1): Promise<string[]> {
    const seen = () => this.frames.filter((frame) => String.fromCharCode(frame.type) === type).length;
    while (seen() < count && !this.isClosed) await this.#more();
    return this.frames.map(show);
  }

  async closed(): Promise<string[]> {
    while (!this.isClosed) await this.#more();
    return this.frames.map(show);
  }

  /** Simple query, answered in full. */
  async query(text: string): Promise<string[]> {
    this.frames.length = 0;
    this.send(serialize.query(text));
    return this.until("Z");
  }

  end(): void {
    this.socket.destroy();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

/** One line per message: type, and what tells one from another. */
export function show({ type, bytes }: Frame): string {
  const letter = String.fromCharCode(type);
  switch (letter) {
    case "Z":
      return `Z ${String.fromCharCode(bytes[5]!)}`;
    case "C":
      return `C ${bytes.toString("utf8", 5, bytes.length - 1)}`;
    case "E":
    case "N": {
      const fields = parseErrorFields(bytes);
      return `${letter} ${fields.get("S")} ${fields.get("C")} ${fields.get("M")}`;
    }
    case "D": {
      const values: string[] = [];
      let at = 7;
      for (let i = 0; i < bytes.readInt16BE(5); i++) {
        const length = bytes.readInt32BE(at);
        at += 4;
        values.push(length < 0 ? "null" : bytes.toString("utf8", at, at + length));
        if (length > 0) at += length;
      }
      return `D ${values.join("|")}`;
    }
    default:
      return letter;
  }
}
