// One request to the agent's API and its answer.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Call } from "../../src/agent-api/callers.ts";
import { type MessageFields, messageFields } from "../../src/agent-api/message-fields.ts";
import { readPledge } from "../../src/agent-api/pledge.ts";
import { readSwitchoverRequest, writeSwitchoverOutcome } from "../../src/agent-api/switchover.ts";
import { writeTabletAnswer } from "../../src/agent-api/tablet-answer.ts";
import { type Health, type TabletStatus, writeTabletStatus } from "../../src/agent-api/tablet-status.ts";
import { AppError } from "../../src/base/app-error.ts";
import type { Json } from "../../src/base/json.ts";
import type { Log } from "../../src/base/log.ts";
import { metricsContentType, metricsText } from "../../src/base/metrics.ts";
import type { AgentVerbs } from "./agent-verbs.ts";
import { ApiError } from "./api-error.ts";
import { checkCaller } from "./caller-of.ts";
import { readBody } from "./read-body.ts";
import { tabletMetrics } from "./tablet-metrics.ts";

export interface ApiContext {
  readonly shard: string;
  readonly tablet: string;
  readonly verbs: AgentVerbs;
  readonly log: Log;
  /** How long to wait for the status. */
  readonly statusMs: number;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Rejects only when the answer could not be put together at all. */
export async function answerRequest(
  context: ApiContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Who breaks off is nobody's concern: what he has asked for goes on.
  response.on("error", () => {});
  const { status, type, body, headers } = await answer(context, request).catch((error: unknown) =>
    refusal(error, context.log, request),
  );
  if (response.destroyed) return;
  // What has not been read of the request would be taken for the next one.
  const closing = request.complete ? {} : { connection: "close" };
  const content = { "content-type": type, "content-length": Buffer.byteLength(body), "cache-control": "no-store" };
  response.writeHead(status, { ...content, ...headers, ...closing });
  response.end(request.method === "HEAD" ? undefined : body);
}

async function answer(context: ApiContext, request: IncomingMessage): Promise<Answer> {
  const { verbs } = context;
  switch (pathOf(request)) {
    case "/live":
      checkMethod(request, "GET");
      return healthAnswer(verbs.live());
    case "/ready":
      checkMethod(request, "GET");
      return healthAnswer(verbs.ready());
    case "/metrics":
      checkMethod(request, "GET");
      return { status: 200, type: metricsContentType, body: metricsText(tabletMetrics(await statusInTime(context))) };
    case "/status":
      checkMethod(request, "GET");
      checkCaller(request, "status");
      return jsonAnswer(200, writeTabletStatus(await statusInTime(context)));
    case "/ask": {
      const fields = await readRequest(context, request, "ask");
      fields.end();
      return jsonAnswer(200, writeTabletAnswer(await verbs.ask()));
    }
    case "/pledge": {
      const fields = await readRequest(context, request, "pledge");
      const pledge = readPledge(fields);
      if (pledge.term === 0) throw fields.invalid("term", "is 0, and the first term is 1");
      if (pledge.candidate === "") throw fields.invalid("candidate", "is empty");
      fields.end();
      return jsonAnswer(200, writeTabletAnswer(await verbs.pledge(pledge)));
    }
    case "/switchover": {
      const fields = await readRequest(context, request, "switchover");
      const wanted = readSwitchoverRequest(fields);
      fields.end();
      return jsonAnswer(200, writeSwitchoverOutcome(await verbs.switchover(wanted)));
    }
    default:
      throw new ApiError(
        404,
        "no-such-path",
        "there are /live, /ready, /metrics, /status, /ask, /pledge and /switchover",
      );
  }
}

/** Checks who asks, and for which tablet. What the call itself needs is left in the fields. */
async function readRequest(
  { shard, tablet }: ApiContext,
  request: IncomingMessage,
  call: Call,
): Promise<MessageFields> {
  checkMethod(request, "POST");
  checkCaller(request, call);
  const fields = messageFields("the body", await readBody(request));
  const meant = { shard: fields.text("shard"), tablet: fields.text("tablet") };
  if (meant.shard !== shard || meant.tablet !== tablet) {
    const found = `the agent of ${tablet} of shard ${shard}, not of ${meant.tablet} of shard ${meant.shard}`;
    throw new ApiError(421, "other-tablet", `this is ${found}`);
  }
  return fields;
}

/** A hanging PostgreSQL is no reason to keep everybody waiting who wants to see that it hangs. */
async function statusInTime({ verbs, statusMs }: ApiContext): Promise<TabletStatus> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    limit.reject(new ApiError(503, "too-late", `the agent has not put its status together in ${statusMs} ms`));
  }, statusMs);
  try {
    return await Promise.race([verbs.status(), limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function checkMethod({ method }: IncomingMessage, allowed: "GET" | "POST"): void {
  if (method === allowed || (allowed === "GET" && method === "HEAD")) return;
  const allow = allowed === "GET" ? "GET, HEAD" : "POST";
  throw new ApiError(405, "other-method", `this is asked with ${allowed}`, { allow });
}

function pathOf({ url = "" }: IncomingMessage): string {
  return url.split("?", 1)[0]!;
}

function healthAnswer({ isGood, reason }: Health): Answer {
  return { status: isGood ? 200 : 503, type: "text/plain; charset=utf-8", body: `${reason}\n` };
}

function jsonAnswer(status: number, value: Json, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, type: "application/json", body: `${JSON.stringify(value, undefined, 2)}\n`, headers };
}

function refusal(error: unknown, log: Log, request: IncomingMessage): Answer {
  const { remoteAddress } = request.socket;
  const facts = { path: pathOf(request), from: remoteAddress };
  if (error instanceof ApiError) {
    const { status, code, message, headers } = error;
    log.debug({ ...facts, status, code }, message);
    return jsonAnswer(status, { error: { code, message } }, headers);
  }
  if (error instanceof AppError) {
    const { code, message, hint } = error;
    log.debug({ ...facts, code }, message);
    const status = code === "invalid-message" ? 400 : 409;
    return jsonAnswer(status, { error: { code, message, ...(hint !== undefined && { hint }) } });
  }
  // Its words may name what strangers are not to know.
  log.error({ ...facts, err: error }, "a request to the API has failed");
  return jsonAnswer(500, { error: { code: "internal", message: "the agent has failed to answer; its log says why" } });
}
