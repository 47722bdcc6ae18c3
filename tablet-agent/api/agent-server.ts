// The tablet agent's API: HTTPS. Whether it is alive and ready, and its metrics, may be asked by anybody; everything else
// needs a client certificate of the cluster's authority.
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { followTlsFiles } from "../../src/agent-api/follow-tls-files.ts";
import type { TlsFiles } from "../../src/agent-api/tls-files.ts";
import { AppError } from "../../src/base/app-error.ts";
import { errorCode } from "../../src/base/error-code.ts";
import type { Log } from "../../src/base/log.ts";
import type { AgentVerbs } from "./agent-verbs.ts";
import { answerRequest } from "./answer-request.ts";
import { limitStrangers } from "./limit-strangers.ts";

export interface AgentServerOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly tls: TlsFiles;
  /** Whose agent it is: requests for others are refused. */
  readonly shard: string;
  readonly tablet: string;
  readonly verbs: AgentVerbs;
  readonly log: Log;
  /** How often to look for renewed certificates. */
  readonly lookEveryMs?: number;
  readonly patience?: Partial<ApiPatience>;
}

/** So that nobody can keep a connection busy by being slow. */
export interface ApiPatience {
  /** For the handshake of TLS, and then for the head of a request. */
  readonly beginMs: number;
  /** For a whole request. */
  readonly requestMs: number;
  /** How often it is looked who is too slow. */
  readonly checkMs: number;
  /** For the verb `status`. */
  readonly statusMs: number;
}

export interface AgentServer {
  readonly port: number;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

const defaultPatience: ApiPatience = { beginMs: 5_000, requestMs: 10_000, checkMs: 1_000, statusMs: 4_000 };
const minVersion = "TLSv1.3";
const maxHeaderSize = 8_192;
/** Longer than the pauses between two questions of an agent. */
const keepAliveTimeout = 60_000;
/** Longer than the longest switchover; for those who do not read their answer. */
const inactivityMs = 180_000;

/** Throws AppError "cannot-listen", "no-certificate". */
export async function startAgentServer(options: AgentServerOptions): Promise<AgentServer> {
  const { host, port, tls, log, lookEveryMs } = options;
  const patience = { ...defaultPatience, ...options.patience };
  const following = await followTlsFiles(tls, {
    ...(lookEveryMs !== undefined && { everyMs: lookEveryMs }),
    onChange(identity) {
      server.setSecureContext({ ...identity, minVersion });
      log.info("the API uses a renewed certificate");
    },
    onTrouble: (reason) => log.warn({ err: reason }, "the API's certificate is not renewed"),
  });
  const trust = { requestCert: true, rejectUnauthorized: false };
  const server = createServer({
    ...following.first,
    ...trust,
    minVersion,
    maxHeaderSize,
    keepAliveTimeout,
    handshakeTimeout: patience.beginMs,
    headersTimeout: patience.beginMs,
    requestTimeout: patience.requestMs,
    connectionsCheckingInterval: patience.checkMs,
  });
  server.setTimeout(inactivityMs);
  limitStrangers(server);
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    answerRequest({ ...options, ...patience }, request, response).catch((error: unknown) => {
      log.error({ err: error }, "a request to the API was not answered");
      response.destroy();
    });
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (cause) {
    following.stop();
    const reason = errorCode(cause) === "EADDRINUSE" ? "it is in use" : String(cause);
    throw new AppError("cannot-listen", `cannot listen on port ${port} of ${host}: ${reason}`, { cause });
  }
  server.on("error", (error) => log.error({ err: error }, "the API's socket has failed"));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    async close() {
      following.stop();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
