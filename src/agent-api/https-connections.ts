// HTTPS requests to tablet agents, over connections that are kept for the next one, with whatever certificate is the newest.
import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import type { TLSSocket } from "node:tls";
import { AppError } from "../base/app-error.ts";
import { errorCode } from "../base/error-code.ts";
import type { Address } from "../topology/snapshot.ts";
import { type FollowedTlsFiles, followTlsFiles } from "./follow-tls-files.ts";
import type { TlsFiles, TlsIdentity } from "./tls-files.ts";

export interface HttpsRequest {
  readonly address: Address;
  readonly method: "GET" | "POST";
  readonly path: string;
  /** JSON. */
  readonly body?: string;
  /** It may be done twice: then it takes a kept connection, and another one if that turns out to be closed. */
  readonly isRepeatable: boolean;
  readonly limitMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly text: string;
}

export interface HttpsConnections {
  /**
   * Throws AppError "unreachable" (nothing has been sent), "untrusted", "silent" (no answer, or not a whole one, in time),
   * "answer-too-long", "no-certificate"; the signal's reason when that is aborted.
   */
  exchange(request: HttpsRequest): Promise<HttpsAnswer>;
  close(): void;
}

interface Connections {
  readonly identity: TlsIdentity;
  readonly pool: Agent;
}

const answerBytesMax = 1024 * 1024;
const idlePerAddressMax = 2;
const tlsOptions = { minVersion: "TLSv1.3" } as const;

export function httpsConnections(
  files: TlsFiles,
  { onTrouble, lookEveryMs }: { onTrouble?: (reason: unknown) => void; lookEveryMs?: number } = {},
): HttpsConnections {
  let isClosed = false;
  let following: Promise<FollowedTlsFiles> | undefined;
  let connections: Connections | undefined;

  const use = (identity: TlsIdentity) => {
    if (connections) retire(connections.pool);
    const kept = { keepAlive: true, maxFreeSockets: idlePerAddressMax, maxCachedSessions: 0 };
    connections = { identity, pool: new Agent({ ...kept, ...tlsOptions, ...identity }) };
  };

  const current = async (): Promise<Connections> => {
    following ??= followTlsFiles(files, {
      onChange: use,
      ...(onTrouble && { onTrouble }),
      ...(lookEveryMs !== undefined && { everyMs: lookEveryMs }),
    }).catch((error: unknown) => {
      following = undefined;
      throw error;
    });
    const { first } = await following;
    if (isClosed) throw new AppError("closed", "the connections to tablet agents have been closed");
    if (!connections) use(first);
    return connections!;
  };

  return {
    async exchange(request) {
      for (let stale = 0; ; stale++) {
        const { identity, pool } = await current();
        request.signal?.throwIfAborted();
        const outcome = await send(request, { identity, pool });
        if (outcome !== "stale") return outcome;
        // Each of them is gone now, so the next try meets another one, and at last a new one.
        if (stale > idlePerAddressMax) throw silent("it has closed the connection");
      }
    },
    close() {
      isClosed = true;
      following?.then(
        (each) => each.stop(),
        () => {},
      );
      connections?.pool.destroy();
    },
  };
}

/** What is under way goes on; then the connections are closed. */
function retire(pool: Agent): void {
  pool.maxFreeSockets = 0;
  for (const sockets of Object.values(pool.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

/** `stale`: the connection had been kept, and was closed before an answer came. */
function send(
  { address, method, path, body, isRepeatable, limitMs, signal }: HttpsRequest,
  { identity, pool }: Connections,
): Promise<HttpsAnswer | "stale"> {
  return new Promise((resolve, reject) => {
    let isConnected = false;
    const request = httpsRequest({
      host: address.host,
      port: address.port,
      method,
      path,
      ...(isRepeatable ? { agent: pool } : { agent: false, ...tlsOptions, ...identity }),
      ...(body !== undefined && {
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      }),
    });

    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      settle();
    };
    const fail = (error: unknown) => {
      end(() => reject(error));
      request.destroy();
    };
    const abort = () => fail(signal?.reason);
    const timer = setTimeout(() => {
      const seconds = `${limitMs / 1_000} s`;
      if (isConnected) fail(silent(`there has been no answer for ${seconds}`));
      else fail(unreachable(`no connection within ${seconds}`));
    }, limitMs);
    signal?.addEventListener("abort", abort, { once: true });

    request.on("socket", (socket) => {
      isConnected = request.reusedSocket;
      if (!isConnected) socket.once("secureConnect", () => (isConnected = (socket as TLSSocket).authorized));
    });
    request.on("error", (error) => {
      if (!isConnected) return fail(connectionError(error));
      if (request.reusedSocket && isRepeatable) return end(() => resolve("stale"));
      fail(silent(wordsOf(error), error));
    });
    request.on("response", (response) => {
      collect(response).then(
        (text) => end(() => resolve({ status: response.statusCode ?? 0, text })),
        (error: unknown) => fail(error instanceof AppError ? error : silent(wordsOf(error), error)),
      );
    });
    request.end(body);
  });
}

async function collect(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > answerBytesMax) throw new AppError("answer-too-long", `the answer is above ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What went wrong before the other side had shown who it is: its machine, or its certificate. */
function connectionError(error: Error): AppError {
  const code = errorCode(error) ?? "";
  const isOfSystem = /^E(?!RR_|PROTO)/.test(code);
  return isOfSystem ? unreachable(wordsOf(error), error) : new AppError("untrusted", wordsOf(error), { cause: error });
}

function unreachable(message: string, cause?: unknown): AppError {
  return new AppError("unreachable", message, { retry: "safe", cause });
}

function silent(message: string, cause?: unknown): AppError {
  return new AppError("silent", message, { cause });
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection is refused",
  ECONNRESET: "it has closed the connection",
  EPIPE: "it has closed the connection",
  EHOSTUNREACH: "there is no way to its host",
  ENETUNREACH: "there is no way to its host",
  ETIMEDOUT: "its host does not answer",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "the name of its host cannot be looked up",
};

function wordsOf(error: unknown): string {
  return words[errorCode(error) ?? ""] ?? (error instanceof Error ? error.message : String(error));
}
