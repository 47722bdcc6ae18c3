// The tablet agents' API: its server and its client over real TLS, with callers that may not, that break off, that are slow
// or send nonsense, and with certificates that change while it runs.
import { once } from "node:events";
import { copyFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer, type IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import { type AddressInfo, createServer, connect as plainConnect, type Socket } from "node:net";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { AgentClient, AgentTarget } from "../../src/agent-api/agent-client.ts";
import { readTlsFiles, type TlsFiles } from "../../src/agent-api/tls-files.ts";
import { AppError } from "../../src/base/app-error.ts";
import { makeAuthority } from "../../src/certificates/make-authority.ts";
import { type AgentCertificates, agentCertificates } from "../support/agent-certificates.ts";
import { eventually } from "../support/eventually.ts";
import { clientOf, fakeAgent } from "../support/fake-agent.ts";
import { fullStatus } from "../support/sample-status.ts";

let certificates: AgentCertificates;

beforeEach(async () => {
  certificates = await agentCertificates();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Question {
  readonly method?: string;
  readonly as?: TlsFiles;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** As curl would ask: `as` left out, without a certificate. */
async function ask(port: number, path: string, { method, as, headers, body }: Question = {}): Promise<Answer> {
  const identity = as ? await readTlsFiles(as) : { ca: (await readTlsFiles(certificates.agent)).ca };
  const request = httpsRequest({
    host: "127.0.0.1",
    port,
    path,
    agent: false,
    ...identity,
    method: method ?? "GET",
    headers,
  });
  const answered = once(request, "response");
  // It may be answered before it has been sent.
  request.on("error", () => {});
  request.end(body);
  const [response] = await answered;
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() };
}

const json = { "content-type": "application/json" };
const s1 = { shard: "s1", tablet: "s1-0" };
const post = (body: unknown, as?: TlsFiles): Question => ({
  method: "POST",
  headers: json,
  body: JSON.stringify(body),
  ...(as && { as }),
});

/** The error that a call ends with. */
async function errorOf(call: Promise<unknown>): Promise<AppError> {
  const error = await call.then(
    () => new Error("there was none"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}

test("a client gets what the verbs say", async () => {
  const calls: unknown[] = [];
  const { target } = await fakeAgent(certificates.agent, {
    pledge: async (pledge) => {
      calls.push(pledge);
      return { ...fullStatus, pledge: { term: 9, candidate: "s1-2" } };
    },
    switchover: async (request) => {
      calls.push(request);
      return { kind: "refused", reason: "s1-2 is 3 GB behind", hint: "Wait, or use --force." };
    },
  });
  const client = clientOf(certificates.agent);
  const { shard: _shard, ready: _ready, ...rest } = fullStatus;
  const answer = await client.ask(target);
  expect(rest).toMatchObject(answer);
  expect(answer.lsn).toBe(fullStatus.lsn);
  expect((await client.pledge(target, { term: 8, candidate: "s1-1" })).pledge).toEqual({ term: 9, candidate: "s1-2" });
  expect(await client.status(target)).toEqual(fullStatus);
  expect(await client.switchover(target, { to: "s1-2", force: true, drainMs: 100 })).toEqual({
    kind: "refused",
    reason: "s1-2 is 3 GB behind",
    hint: "Wait, or use --force.",
  });
  expect(calls).toEqual([
    { term: 8, candidate: "s1-1" },
    { to: "s1-2", force: true, drainMs: 100 },
  ]);
});

describe("who may ask for what", () => {
  test.each([
    ["/live", 200, "live\n"],
    ["/ready", 200, "primary of term 7\n"],
    ["/ready?verbose", 200, "primary of term 7\n"],
  ])("anybody may ask for %s", async (path, status, text) => {
    const { port } = await fakeAgent(certificates.agent);
    expect(await ask(port, path)).toMatchObject({ status, text });
    expect(await ask(port, path, { method: "HEAD" })).toMatchObject({ status, text: "" });
  });

  test("what is not good is answered with 503 and the reason", async () => {
    const { port } = await fakeAgent(certificates.agent, {
      live: () => ({ isGood: false, reason: "the loop has not gone round for 40 s" }),
      ready: () => ({ isGood: false, reason: "PostgreSQL is starting" }),
    });
    expect(await ask(port, "/live")).toMatchObject({ status: 503, text: "the loop has not gone round for 40 s\n" });
    expect(await ask(port, "/ready")).toMatchObject({ status: 503, text: "PostgreSQL is starting\n" });
  });

  test("the metrics are Prometheus' text", async () => {
    const { port } = await fakeAgent(certificates.agent);
    const { status, headers, text } = await ask(port, "/metrics");
    expect({ status, type: headers["content-type"] }).toEqual({
      status: 200,
      type: "text/plain; version=0.0.4; charset=utf-8",
    });
    expect(text).toContain('shardgres_tablet_role{shard="s1",tablet="s1-0",role="primary"} 1\n');
  });

  test.each([
    ["GET", "/status"],
    ["POST", "/ask"],
    ["POST", "/pledge"],
    ["POST", "/switchover"],
  ])("%s %s needs a certificate of this cluster", async (method, path) => {
    const never = async () => Promise.reject(new Error("this was not to be called"));
    const { port } = await fakeAgent(certificates.agent, {
      status: never,
      ask: never,
      pledge: never,
      switchover: never,
    });
    const body = JSON.stringify({ ...s1, term: 8, candidate: "s1-1" });
    const question = { method, headers: json, ...(method === "POST" && { body }) };
    const stranger = makeAuthority({ name: "shardgres test", days: 10, now: new Date() });
    const [foreign, expired, serverOnly, unknown] = await Promise.all([
      certificates.make("foreign", {}, { authority: stranger }),
      certificates.make("expired", {}, { days: 1, now: new Date(Date.now() - 5 * 24 * 3_600_000) }),
      certificates.make("server-only", { purposes: ["server"] }),
      certificates.make("unknown", { name: "gateway" }),
    ]);
    const codeOf = async (as: TlsFiles | undefined) => {
      const { status, text } = await ask(port, path, { ...question, ...(as && { as }) });
      return `${status} ${JSON.parse(text).error.code}`;
    };
    expect(await codeOf(undefined)).toBe("401 no-certificate");
    expect(await codeOf(foreign)).toBe("403 not-trusted");
    expect(await codeOf(expired)).toBe("403 not-trusted");
    expect(await codeOf(serverOnly)).toBe("403 not-trusted");
    expect(await codeOf(unknown)).toBe("403 not-allowed");
  });

  test("who runs the cluster may look and switch over, but not ask for a pledge", async () => {
    const { target } = await fakeAgent(certificates.agent);
    const admin = clientOf(certificates.admin);
    expect((await admin.status(target)).name).toBe("s1-0");
    expect((await admin.ask(target)).name).toBe("s1-0");
    expect((await admin.switchover(target, {})).kind).toBe("done");
    const error = await errorOf(admin.pledge(target, { term: 8, candidate: "s1-1" }));
    expect(error.code).toBe("agent-refused");
    expect(error.message).toMatch(
      /^the agent of s1-0 \(127\.0\.0\.1:\d+\) refuses: the holder of the certificate, "admin",/,
    );
  });

  test("a session that is taken up again is as good as it was, and no better", async () => {
    const { port } = await fakeAgent(certificates.agent);
    for (const [files, expected] of [
      [certificates.agent, "200"],
      [undefined, "401"],
    ] as const) {
      const identity = files ? await readTlsFiles(files) : { ca: (await readTlsFiles(certificates.agent)).ca };
      const answers = [];
      let session: Buffer | undefined;
      for (let i = 0; i < 2; i++) {
        const socket = connect({ host: "127.0.0.1", port, ...identity, ...(session && { session }) });
        socket.on("session", (each) => (session = each));
        await once(socket, "secureConnect");
        expect(socket.isSessionReused()).toBe(i === 1);
        socket.write("GET /status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        answers.push((await textOf(socket)).split(" ")[1]);
      }
      expect(answers).toEqual([expected, expected]);
    }
  });
});

/** All that the other side sends until it closes. */
async function textOf(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => (text += chunk));
  socket.on("error", () => {});
  if (!socket.closed) await once(socket, "close").catch(() => {});
  return text;
}

describe("requests that make no sense", () => {
  test.each<[string, string, Question, number, string]>([
    ["an unknown path", "/", {}, 404, "no-such-path"],
    ["a path that is no URL", "//", {}, 404, "no-such-path"],
    ["a wrong method", "/ask", { method: "GET" }, 405, "other-method"],
    ["a method that changes nothing", "/live", { method: "DELETE" }, 405, "other-method"],
    ["no JSON", "/ask", { method: "POST", headers: json, body: "{" }, 400, "not-json"],
    ["no body", "/ask", { method: "POST", headers: json }, 400, "not-json"],
    [
      "another type",
      "/ask",
      { method: "POST", headers: { "content-type": "text/plain" }, body: "{}" },
      415,
      "not-json",
    ],
    ["no object", "/ask", post([]), 400, "invalid-message"],
    ["no tablet", "/ask", post({ shard: "s1" }), 400, "invalid-message"],
    ["an unknown field", "/ask", post({ ...s1, term: 3 }), 400, "invalid-message"],
    ["another tablet", "/ask", post({ shard: "s1", tablet: "s1-1" }), 421, "other-tablet"],
    [
      "another shard",
      "/pledge",
      post({ shard: "s2", tablet: "s1-0", term: 3, candidate: "s1-1" }),
      421,
      "other-tablet",
    ],
    ["term 0", "/pledge", post({ ...s1, term: 0, candidate: "s1-1" }), 400, "invalid-message"],
    ["no candidate", "/pledge", post({ ...s1, term: 3, candidate: "" }), 400, "invalid-message"],
    ["a term that is a text", "/pledge", post({ ...s1, term: "3", candidate: "s1-1" }), 400, "invalid-message"],
    ["a pledge with more in it", "/pledge", post({ ...s1, term: 3, candidate: "s1-1", x: 1 }), 400, "invalid-message"],
    ["patience without end", "/switchover", post({ ...s1, drainMs: 1e9 }), 400, "invalid-message"],
    ["too much", "/ask", post({ ...s1, x: "x".repeat(20_000) }), 413, "too-long"],
    ["far too much", "/ask", { method: "POST", headers: json, body: Buffer.alloc(5_000_000) }, 413, "too-long"],
  ])("%s", async (_what, path, question, status, code) => {
    const never = async () => Promise.reject(new Error("this was not to be called"));
    const { port } = await fakeAgent(certificates.agent, { ask: never, pledge: never, switchover: never });
    const answer = await ask(port, path, { ...question, as: certificates.agent });
    expect(answer.status).toBe(status);
    const { error } = JSON.parse(answer.text);
    expect(error.code).toBe(code);
    expect(error.message).not.toBe("");
    expect((await ask(port, "/live")).status).toBe(200);
  });

  test("a header without end is not listened to, nor is nonsense, nor plain HTTP", async () => {
    const { port } = await fakeAgent(certificates.agent);
    const { ca } = await readTlsFiles(certificates.agent);
    const long = connect({ host: "127.0.0.1", port, ca });
    long.write(`GET /live HTTP/1.1\r\nhost: x\r\nx: ${"x".repeat(20_000)}\r\n\r\n`);
    expect(await textOf(long)).toMatch(/^HTTP\/1\.1 431 /);
    const nonsense = connect({ host: "127.0.0.1", port, ca });
    nonsense.write("\0\0\0\u0008\u0004\u00d2\u0016\u002f\r\n\r\n");
    expect(await textOf(nonsense)).toMatch(/^HTTP\/1\.1 400 /);
    await expect(fetch(`http://127.0.0.1:${port}/live`)).rejects.toThrow();
    expect((await ask(port, "/live")).status).toBe(200);
  });

  test("TLS below 1.3 is not spoken", async () => {
    const { port } = await fakeAgent(certificates.agent);
    const identity = await readTlsFiles(certificates.agent);
    const socket = connect({ host: "127.0.0.1", port, ...identity, maxVersion: "TLSv1.2" });
    const [error] = await once(socket, "error");
    expect(error.code).toMatch(/PROTOCOL_VERSION/);
  });
});

describe("verbs that fail", () => {
  test("an AppError is told to the caller, with its hint", async () => {
    const { target } = await fakeAgent(certificates.agent, {
      switchover: async () => {
        throw new AppError("not-primary", "s1-0 is not the primary", { hint: "Ask s1-1." });
      },
    });
    const error = await errorOf(clientOf(certificates.admin).switchover(target, {}));
    expect(error.message).toMatch(/refuses: s1-0 is not the primary$/);
    expect(error).toMatchObject({ code: "agent-refused", hint: "Ask s1-1.", cause: { code: "not-primary" } });
  });

  test("anything else only to the log", async () => {
    const { target, port } = await fakeAgent(certificates.agent, {
      ask: async () => Promise.reject(new Error("the password is secret")),
      live: () => {
        throw new TypeError("the password is secret");
      },
    });
    const error = await errorOf(clientOf(certificates.agent).ask(target));
    expect(error.code).toBe("agent-failed");
    expect(error.message).toMatch(/cannot answer: the agent has failed to answer; its log says why$/);
    const live = await ask(port, "/live");
    expect(live.status).toBe(500);
    expect(live.text).not.toContain("secret");
  });

  test("a status that does not come is not waited for without end", async () => {
    const patience = { statusMs: 300 };
    const { port, target } = await fakeAgent(certificates.agent, { status: () => new Promise(() => {}) }, { patience });
    const [metrics, error] = await Promise.all([
      ask(port, "/metrics"),
      errorOf(clientOf(certificates.admin).status(target)),
    ]);
    expect(metrics.status).toBe(503);
    expect(error.message).toMatch(/cannot answer: the agent has not put its status together in 300 ms$/);
  });

  test("a verb goes on when its caller has gone", async () => {
    const [begun, goOn, done] = [1, 2, 3].map(() => Promise.withResolvers<void>());
    const { target } = await fakeAgent(certificates.agent, {
      pledge: async (pledge) => {
        begun!.resolve();
        await goOn!.promise;
        done!.resolve();
        return { ...fullStatus, pledge };
      },
    });
    const caller = new AbortController();
    const client = clientOf(certificates.agent);
    const pledged = client.pledge(target, { term: 8, candidate: "s1-1" }, caller.signal);
    await begun!.promise;
    caller.abort(new Error("no time"));
    await expect(pledged).rejects.toThrow("no time");
    goOn!.resolve();
    await done!.promise;
    expect((await client.ask(target)).name).toBe("s1-0");
  });
});

/** Somebody else's server. Returns its port. */
async function listening(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    onConnection(socket);
  });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

describe("agents that do not answer as they should", () => {
  const target = (port: number): AgentTarget => ({ ...s1, address: { host: "127.0.0.1", port } });
  let client: AgentClient;

  beforeEach(() => {
    client = clientOf(certificates.agent);
  });

  test("nobody listens", async () => {
    const { port, close } = await fakeAgent(certificates.agent);
    await close();
    const error = await errorOf(client.ask(target(port)));
    expect(error).toMatchObject({ code: "agent-unreachable", retry: "safe" });
    expect(error.message).toBe(`the agent of s1-0 (127.0.0.1:${port}) cannot be reached: the connection is refused`);
  });

  test("it is frozen before the connection is made, or after", async () => {
    const hasty = clientOf(certificates.agent, { limitsMs: { ask: 300 } });
    const port = await listening(() => {});
    expect(await errorOf(hasty.ask(target(port)))).toMatchObject({ code: "agent-unreachable", retry: "safe" });
    const frozen = await fakeAgent(certificates.agent, { ask: () => new Promise(() => {}) });
    // So that there is a connection.
    await hasty.status(frozen.target);
    expect(await errorOf(hasty.ask(frozen.target))).toMatchObject({ code: "agent-silent", retry: "never" });
    // The connection on which no answer came is not used for the next question.
    expect((await hasty.pledge(frozen.target, { term: 8, candidate: "s1-1" })).pledge.term).toBe(8);
  });

  test("it closes the connection, or speaks something else", async () => {
    const closing = await listening((socket) => socket.destroy());
    expect((await errorOf(client.ask(target(closing)))).code).toBe("agent-unreachable");
    const http = createHttpServer((_request, response) => response.end("{}"));
    onTestFinished(() => void http.close());
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    const { port } = http.address() as AddressInfo;
    expect((await errorOf(client.ask(target(port)))).code).toBe("agent-untrusted");
  });

  test("it has the certificate of another cluster, of another address, or of a client", async () => {
    const authority = makeAuthority({ name: "shardgres test", days: 10, now: new Date() });
    const wrong = await Promise.all([
      certificates.make("foreign", {}, { authority }),
      certificates.make("elsewhere", { addresses: ["127.0.0.2"] }),
      certificates.make("client-only", { purposes: ["client"] }),
    ]);
    for (const files of wrong) {
      const agent = await fakeAgent(files);
      const error = await errorOf(client.pledge(agent.target, { term: 8, candidate: "s1-1" }));
      expect(error.code, files.certificate).toBe("agent-untrusted");
    }
  });

  test("it is another tablet's by now", async () => {
    const agent = await fakeAgent(certificates.agent, {}, { tablet: "s1-7" });
    const error = await errorOf(client.pledge({ ...agent.target, tablet: "s1-0" }, { term: 8, candidate: "s1-1" }));
    expect(error.code).toBe("agent-refused");
    expect(error.message).toMatch(/refuses: this is the agent of s1-7 of shard s1, not of s1-0 of shard s1$/);
    const status = await fakeAgent(certificates.agent, { status: async () => ({ ...fullStatus, shard: "s9" }) });
    expect((await errorOf(client.status(status.target))).message).toMatch(/turns out to be that of s1-0 of shard s9$/);
    const answer = await fakeAgent(certificates.agent, { ask: async () => ({ ...fullStatus, name: "s1-9" }) });
    expect((await errorOf(client.ask(answer.target))).message).toMatch(/turns out to be that of s1-9$/);
  });

  test("its answer is too long", async () => {
    const long = { ...fullStatus, terms: Array.from({ length: 50_000 }, (_, i) => ({ term: i, lsn: i })) };
    const agent = await fakeAgent(certificates.agent, { ask: async () => long });
    expect((await errorOf(client.ask(agent.target))).code).toBe("invalid-message");
  });

  test("an abort ends a question at once, also one that has not begun", async () => {
    const agent = await fakeAgent(certificates.agent, { ask: () => new Promise(() => {}) });
    const reason = new Error("the loop goes on");
    await expect(client.ask(agent.target, AbortSignal.abort(reason))).rejects.toBe(reason);
    const abort = new AbortController();
    const asked = client.ask(agent.target, abort.signal);
    abort.abort(reason);
    await expect(asked).rejects.toBe(reason);
  });
});

describe("connections", () => {
  test("one is kept for the next question", async () => {
    const { target, port } = await fakeAgent(certificates.agent);
    let connections = 0;
    const between = await listening((socket) => {
      connections++;
      const onward = plainConnect({ host: "127.0.0.1", port }).on("error", () => {});
      socket.pipe(onward).pipe(socket);
      onTestFinished(() => void onward.destroy());
    });
    const client = clientOf(certificates.agent);
    const there = { ...target, address: { host: "127.0.0.1", port: between } };
    for (let i = 0; i < 3; i++) {
      await client.ask(there);
      await client.status(there);
      await client.pledge(there, { term: 8, candidate: "s1-1" });
    }
    // Also after a refusal.
    await expect(client.ask({ ...there, tablet: "s1-9" })).rejects.toThrow("refuses");
    await client.ask(there);
    expect(connections).toBe(1);
  });

  test("when the agent has been started again, the next question finds out without an error", async () => {
    const client = clientOf(certificates.agent);
    const first = await fakeAgent(certificates.agent);
    await Promise.all([client.ask(first.target), client.ask(first.target), client.status(first.target)]);
    for (let i = 0; i < 3; i++) {
      await first.close();
      const next = await fakeAgent(certificates.agent, {}, { port: first.port });
      expect((await client.ask(next.target)).name).toBe("s1-0");
      expect((await client.switchover(next.target, {})).kind).toBe("done");
      await next.close();
    }
  });
});

describe("strangers", () => {
  test("who sends nothing, or sends slowly, is put off; agents are not disturbed", async () => {
    const patience = { beginMs: 2_000, requestMs: 2_500, checkMs: 100 };
    const { port, target } = await fakeAgent(certificates.agent, {}, { patience });
    const client = clientOf(certificates.agent);
    await client.ask(target);
    const { ca } = await readTlsFiles(certificates.agent);
    const silent = plainConnect({ host: "127.0.0.1", port });
    const idle = connect({ host: "127.0.0.1", port, ca });
    const slow = connect({ host: "127.0.0.1", port, ca });
    slow.write("GET /live HTTP/1.1\r\nhost: x\r\n");
    const drip = setInterval(() => slow.write("x: x\r\n"), 100);
    onTestFinished(() => clearInterval(drip));
    const slowBody = connect({ host: "127.0.0.1", port, ...(await readTlsFiles(certificates.agent)) });
    slowBody.write(`POST /ask HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`);
    const ended = await Promise.all([silent, idle, slow, slowBody].map(textOf));
    expect(ended[0]).toBe("");
    expect(ended.slice(1).map((text) => text.split("\r\n")[0])).toEqual([
      "HTTP/1.1 408 Request Timeout",
      "HTTP/1.1 408 Request Timeout",
      "HTTP/1.1 408 Request Timeout",
    ]);
    expect((await client.ask(target)).name).toBe("s1-0");
  });

  test("a crowd of them does not keep agents out", async () => {
    const { port, target } = await fakeAgent(certificates.agent);
    const client = clientOf(certificates.agent);
    await client.ask(target);
    const crowd = Array.from({ length: 300 }, () => plainConnect({ host: "127.0.0.1", port }).on("error", () => {}));
    onTestFinished(() => {
      for (const socket of crowd) socket.destroy();
    });
    await Promise.all(crowd.map((socket) => (socket.readyState === "open" ? undefined : once(socket, "connect"))));
    await eventually(() => crowd.filter(({ closed, destroyed }) => !closed && !destroyed).length <= 64);
    expect((await client.ask(target)).name).toBe("s1-0");
    expect((await clientOf(certificates.agent).ask(target)).name).toBe("s1-0");
    expect((await ask(port, "/live")).status).toBe(200);
  });

  test("places of those who have gone are free again, and agents take none", async () => {
    // On a slow machine this takes longer than one may be silent.
    const patience = { beginMs: 60_000, requestMs: 60_000 };
    const { port, target } = await fakeAgent(certificates.agent, {}, { patience });
    const identity = await readTlsFiles(certificates.agent);
    const agents: TLSSocket[] = [];
    for (let i = 0; i < 80; i++) {
      const socket = connect({ host: "127.0.0.1", port, ...identity }).on("error", () => {});
      await once(socket, "secureConnect");
      agents.push(socket);
    }
    onTestFinished(() => {
      for (const socket of agents) socket.destroy();
    });
    for (let i = 0; i < 80; i++) expect((await ask(port, "/live")).status).toBe(200);
    // Those that have not sent anything yet still can, so none of them was put off.
    for (const socket of [agents[0]!, agents.at(-1)!]) {
      socket.write("GET /status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
      expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 200 /);
    }
    expect((await clientOf(certificates.agent).ask(target)).name).toBe("s1-0");
  });
});

describe("renewed certificates", () => {
  const lookEveryMs = 20;

  test("both sides take them up without a restart", async () => {
    const { target, port } = await fakeAgent(certificates.agent, {}, { lookEveryMs });
    const client = clientOf(certificates.agent, { lookEveryMs });
    await client.ask(target);
    const serial = async () => {
      const socket = connect({ host: "127.0.0.1", port, ca: (await readTlsFiles(certificates.agent)).ca });
      await once(socket, "secureConnect");
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    };
    const before = await serial();
    await certificates.make("agent", {});
    await eventually(async () => (await serial()) !== before);
    expect((await client.ask(target)).name).toBe("s1-0");
  });

  test("a client that has got another name is known by it on its next connection", async () => {
    const { target } = await fakeAgent(certificates.agent);
    const files = await certificates.make("changing", { name: "gateway" });
    const client = clientOf(files, { lookEveryMs });
    expect((await errorOf(client.status(target))).message).toContain('"gateway", may not ask for status');
    await certificates.make("changing", { name: "admin" });
    expect((await eventually(() => client.status(target))).name).toBe("s1-0");
  });

  test("a certificate without its key is not used, and said so once; the one of before stays", async () => {
    const troubles: string[] = [];
    const files = await certificates.make("split", {});
    const apart = { ...files, key: join(certificates.directory, "split.key") };
    await copyFile(files.certificate, apart.key);
    const { target } = await fakeAgent(certificates.agent);
    const client = clientOf(apart, { lookEveryMs, onTrouble: (reason) => troubles.push(String(reason)) });
    await client.ask(target);
    await certificates.make("split", {});
    await eventually(() => troubles.length > 0);
    expect((await client.ask(target)).name).toBe("s1-0");
    await rm(apart.key);
    await eventually(() => troubles.length > 1);
    expect((await client.ask(target)).name).toBe("s1-0");
    expect(troubles[0]).toContain("split.key is not the key of");
    expect(troubles[1]).toContain("ENOENT");
    expect(troubles).toHaveLength(2);
  });

  test("without a certificate to begin with there is no server, and a client waits for one", async () => {
    const missing = { authority: "/nowhere/ca.pem", certificate: "/nowhere/x.pem", key: "/nowhere/x.pem" };
    await expect(fakeAgent(missing)).rejects.toMatchObject({ code: "no-certificate" });
    const { target } = await fakeAgent(certificates.agent);
    const path = join(certificates.directory, "late.pem");
    const client = clientOf({ ...certificates.agent, certificate: path, key: path });
    expect((await errorOf(client.ask(target))).code).toBe("no-certificate");
    await copyFile(certificates.agent.certificate, path);
    expect((await client.ask(target)).name).toBe("s1-0");
  });

  test("two authorities are believed while one is replaced", async () => {
    const next = makeAuthority({ name: "shardgres test", days: 30, now: new Date() });
    const agent = await certificates.make("next", {}, { authority: next });
    await writeFile(agent.authority, next.certificate + certificates.authority.certificate);
    const { target } = await fakeAgent(certificates.agent);
    const { target: other } = await fakeAgent(agent);
    for (const files of [agent, certificates.agent]) {
      expect((await clientOf(files).ask(target)).name).toBe("s1-0");
      expect((await clientOf(files).ask(other)).name).toBe("s1-0");
    }
  });
});

test("a port that is taken is said so", async () => {
  const { port } = await fakeAgent(certificates.agent);
  await expect(fakeAgent(certificates.agent, {}, { port })).rejects.toThrow(
    `cannot listen on port ${port} of 127.0.0.1: it is in use`,
  );
});
