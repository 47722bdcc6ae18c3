// Accepts clients: TLS and GSSAPI requests are declined, a cancel request is carried out, a startup packet begins a
// session. A client that does not say who it is within a minute is cut off.
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type Frame, FrameReader } from "../src/pgwire/frame-reader.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import {
  parseStartupPacket,
  type StartupPacket,
  startupPacketLength,
  startupPacketMaxBytes,
} from "../src/pgwire/startup-packet.ts";
import { ClientConnection, ClientGone } from "./client-connection.ts";
import { errorResponse } from "./client-errors.ts";
import type { Gateway } from "./gateway.ts";
import { Session } from "./session.ts";
import { greet, type Reader, secretBytes, startSession } from "./startup.ts";

const startupTimeoutMs = 60_000;

export interface Listener {
  readonly port: number;
  /** Stops accepting, ends all sessions. */
  close(): Promise<void>;
}

/** Rejects when the address cannot be had (EADDRINUSE, EACCES, ...). `port` 0: any. */
export function listen(gateway: Gateway, host: string, port: number): Promise<Listener> {
  const sessions = new Set<Session>();
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    void accept(gateway, socket, sessions);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: 4096 }, () => {
      server.off("error", reject);
      resolve({ port: (server.address() as AddressInfo).port, close: () => close(server, sessions, sockets) });
    });
  });
}

function close(server: Server, sessions: Set<Session>, sockets: Set<Socket>): Promise<void> {
  const shutdown = new SqlError({
    severity: "FATAL",
    code: "57P01",
    message: "terminating connection due to administrator command",
  });
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const session of sessions) session.fatal(shutdown);
    setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, 500).unref();
  });
}

async function accept(gateway: Gateway, socket: Socket, sessions: Set<Session>): Promise<void> {
  const client = new ClientConnection(socket);
  const intake = new Intake(socket);
  const timer = setTimeout(() => socket.destroy(), startupTimeoutMs);
  try {
    const packet = await firstPacket(gateway, client, intake);
    if (packet === undefined) {
      client.end();
      return;
    }
    const started = await startSession(gateway, client, packet, intake);
    const session = new Session(started.start);
    const key = gateway.cancelKeys.add(() => session.cancel(), secretBytes(started));
    sessions.add(session);
    greet(client, started, key);
    session.sayReady();
    client.listen(
      {
        frames: (frames) => session.receive(frames),
        garbage: (error) => session.fatal(error),
        closed() {
          sessions.delete(session);
          gateway.cancelKeys.remove(key);
          session.end();
        },
      },
      intake.finish(),
    );
  } catch (error) {
    if (!(error instanceof ClientGone)) client.write(errorResponse(asFatal(error), undefined, gateway.log));
    client.end();
    intake.finish();
  } finally {
    clearTimeout(timer);
  }
}

/** undefined: there is nothing more to be done for this client. */
async function firstPacket(
  gateway: Gateway,
  client: ClientConnection,
  intake: Intake,
): Promise<(StartupPacket & { kind: "startup" }) | undefined> {
  // Each kind of encryption may be asked for once.
  for (let requests = 0; requests < 3; requests++) {
    const packet = parseStartupPacket(await intake.startupPacket());
    switch (packet.kind) {
      case "ssl-request":
      case "gssenc-request":
        client.write(Buffer.from("N"));
        break;
      case "cancel-request":
        gateway.cancelKeys.cancel(packet.processId, packet.secret);
        return undefined;
      case "startup":
        return packet;
    }
  }
  throw new SqlError({ severity: "FATAL", code: "08P01", message: "too many requests for encryption" });
}

/** An error before the session began ends the connection, whatever its severity was. `pg` has fields of its own. */
function asFatal(error: unknown): unknown {
  if (error instanceof SqlError) {
    const { code, message, detail, hint } = error.fields;
    return new SqlError({ severity: "FATAL", code, message, detail, hint });
  }
  if (error instanceof Error && "severity" in error && "code" in error && typeof error.code === "string") {
    return new SqlError({ severity: "FATAL", code: error.code, message: error.message });
  }
  return error;
}

/** What the client sends before its session begins, pulled packet by packet. */
class Intake implements Reader {
  #socket: Socket;
  #bytes = Buffer.alloc(0);
  #isGone = false;
  readonly #going = new AbortController();
  #wake: (() => void) | undefined;
  readonly #onData = (chunk: Buffer) => {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    // Nobody needs more than a few packets before the session begins.
    if (this.#bytes.length > 4 * startupPacketMaxBytes) this.#socket.pause();
    this.#notify();
  };
  readonly #onClose = () => {
    this.#isGone = true;
    this.#going.abort(new ClientGone());
    this.#notify();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", this.#onData);
    socket.on("close", this.#onClose);
    socket.on("end", this.#onClose);
  }

  get gone(): AbortSignal {
    return this.#going.signal;
  }

  async startupPacket(): Promise<Buffer> {
    for (;;) {
      const length = startupPacketLength(this.#bytes);
      if (length !== undefined && this.#bytes.length >= length) return this.#take(length);
      await this.#more();
    }
  }

  async next(maxBytes: number): Promise<Frame> {
    for (;;) {
      if (this.#bytes.length >= 5) {
        const frames: Frame[] = [];
        new FrameReader(maxBytes).push(this.#bytes, frames);
        const [first] = frames;
        if (first !== undefined) return { type: first.type, bytes: this.#take(first.bytes.length) };
      }
      await this.#more();
    }
  }

  /** Stops reading; returns what has not been used. */
  finish(): Buffer {
    this.#socket.off("data", this.#onData);
    this.#socket.off("close", this.#onClose);
    this.#socket.off("end", this.#onClose);
    if (this.#socket.isPaused()) this.#socket.resume();
    return this.#bytes;
  }

  #take(length: number): Buffer {
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  #more(): Promise<void> {
    if (this.#isGone) return Promise.reject(new ClientGone());
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
