// Asks tablet agents: HTTPS with certificates on both sides, on connections that are kept. Every call is bounded in time,
// and names the tablet that it is meant for, because addresses change hands.
import { AppError } from "../base/app-error.ts";
import { type Json, parseJson } from "../base/json.ts";
import type { Address } from "../topology/snapshot.ts";
import { type HttpsAnswer, type HttpsRequest, httpsConnections } from "./https-connections.ts";
import { type MessageFields, messageFields } from "./message-fields.ts";
import { type Pledge, writePledge } from "./pledge.ts";
import {
  drainMsMax,
  readSwitchoverOutcome,
  type SwitchoverOutcome,
  type SwitchoverRequest,
  writeSwitchoverRequest,
} from "./switchover.ts";
import { readTabletAnswer, type TabletAnswer } from "./tablet-answer.ts";
import { readTabletStatus, type TabletStatus } from "./tablet-status.ts";
import type { TlsFiles } from "./tls-files.ts";

/** A tablet, and where its agent is said to be. */
export interface AgentTarget {
  readonly shard: string;
  readonly tablet: string;
  readonly address: Address;
}

/**
 * All throw AppError: "agent-unreachable" (nothing has been sent), "agent-silent" (no answer in time: what was asked for
 * may have been done all the same), "agent-untrusted" (it is not this cluster's), "agent-refused" (it says why),
 * "agent-failed" (it could not answer), "invalid-message", "no-certificate". An abort of the signal throws its reason.
 */
export interface AgentClient {
  ask(target: AgentTarget, signal?: AbortSignal): Promise<TabletAnswer>;
  /** The answer tells what the tablet has pledged, be it this or something else. */
  pledge(target: AgentTarget, pledge: Pledge, signal?: AbortSignal): Promise<TabletAnswer>;
  status(target: AgentTarget, signal?: AbortSignal): Promise<TabletStatus>;
  /** To be asked of the primary. */
  switchover(target: AgentTarget, request: SwitchoverRequest, signal?: AbortSignal): Promise<SwitchoverOutcome>;
  close(): void;
}

export interface AgentClientOptions {
  readonly tls: TlsFiles;
  /** How long to wait for an answer. Of a switchover: in addition to the time that it may wait for transactions. */
  readonly limitsMs?: Partial<typeof defaultLimitsMs>;
  /** Told why renewed certificates cannot be used. */
  readonly onTrouble?: (reason: unknown) => void;
  /** How often to look for them. */
  readonly lookEveryMs?: number;
}

const defaultLimitsMs = { ask: 2_000, pledge: 10_000, status: 5_000, switchover: 60_000 };

export function agentClient({ tls, limitsMs, ...options }: AgentClientOptions): AgentClient {
  const limits = { ...defaultLimitsMs, ...limitsMs };
  const connections = httpsConnections(tls, options);

  /** Returns what there is in the answer. */
  const call = async (target: AgentTarget, request: Omit<HttpsRequest, "address">): Promise<MessageFields> => {
    const answer = await connections.exchange({ address: target.address, ...request }).catch((error: unknown) => {
      throw describe(target, error);
    });
    const what = `the answer of the agent of ${target.tablet}`;
    if (answer.status !== 200) throw refusal(target, answer);
    return messageFields(what, parseAnswer(answer.text, what));
  };
  const bodyFor = ({ shard, tablet }: AgentTarget, content: { readonly [key: string]: Json } = {}) =>
    JSON.stringify({ shard, tablet, ...content });
  const post = { method: "POST", isRepeatable: true } as const;

  return {
    async ask(target, signal) {
      const request = { ...post, path: "/ask", body: bodyFor(target), limitMs: limits.ask, signal };
      return checkName(target, readTabletAnswer(await call(target, request)));
    },
    async pledge(target, pledge, signal) {
      const body = bodyFor(target, writePledge(pledge));
      const request = { ...post, path: "/pledge", body, limitMs: limits.pledge, signal };
      return checkName(target, readTabletAnswer(await call(target, request)));
    },
    async status(target, signal) {
      const request = { method: "GET", path: "/status", isRepeatable: true, limitMs: limits.status, signal } as const;
      const status = checkName(target, readTabletStatus(await call(target, request)));
      if (status.shard !== target.shard) throw otherTablet(target, `${status.name} of shard ${status.shard}`);
      return status;
    },
    async switchover(target, wanted, signal) {
      const limitMs = limits.switchover + (wanted.drainMs ?? drainMsMax);
      const body = bodyFor(target, writeSwitchoverRequest(wanted));
      const request = { ...post, path: "/switchover", body, isRepeatable: false, limitMs, signal };
      return readSwitchoverOutcome(await call(target, request));
    },
    close() {
      connections.close();
    },
  };
}

function parseAnswer(text: string, what: string): Json {
  try {
    return parseJson(text, what);
  } catch (cause) {
    throw new AppError("invalid-message", `${what} is not valid JSON`, { cause });
  }
}

function checkName<T extends TabletAnswer>(target: AgentTarget, answer: T): T {
  if (answer.name !== target.tablet) throw otherTablet(target, answer.name);
  return answer;
}

function otherTablet(target: AgentTarget, found: string): AppError {
  return new AppError("agent-refused", `${whoIs(target)} turns out to be that of ${found}`);
}

/** A connection's error as one of this agent. */
function describe(target: AgentTarget, error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  const { code, message, retry, cause } = error;
  const agent = whoIs(target);
  switch (code) {
    case "unreachable":
      return new AppError("agent-unreachable", `${agent} cannot be reached: ${message}`, { retry, cause });
    case "silent":
      return new AppError("agent-silent", `${agent} does not answer: ${message}`, { retry, cause });
    case "untrusted":
      return new AppError("agent-untrusted", `${agent} cannot be trusted: ${message}`, { retry, cause });
    case "answer-too-long":
      return new AppError("invalid-message", `${agent} cannot be understood: ${message}`, { retry, cause });
    default:
      return error;
  }
}

/** What the agent says when it does not do what it was asked for. */
function refusal(target: AgentTarget, { status, text }: HttpsAnswer): AppError {
  const code = status >= 500 ? "agent-failed" : "agent-refused";
  const verb = status >= 500 ? "cannot answer" : "refuses";
  try {
    const fields = messageFields("the refusal", parseJson(text, "the refusal")).object("error");
    const hint = fields.optional("hint", fields.sentence);
    const cause = new AppError(fields.text("code"), fields.sentence("message"));
    return new AppError(code, `${whoIs(target)} ${verb}: ${cause.message}`, {
      ...(hint !== undefined && { hint }),
      cause,
    });
  } catch {
    return new AppError(code, `${whoIs(target)} ${verb} (HTTP status ${status})`);
  }
}

function whoIs({ tablet, address: { host, port } }: AgentTarget): string {
  return `the agent of ${tablet} (${host.includes(":") ? `[${host}]` : host}:${port})`;
}
