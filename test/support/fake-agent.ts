// A tablet agent's API behind which there is no tablet: the verbs are the test's.
import { onTestFinished } from "vitest";
import { type AgentClientOptions, type AgentTarget, agentClient } from "../../src/agent-api/agent-client.ts";
import type { TlsFiles } from "../../src/agent-api/tls-files.ts";
import { createLog } from "../../src/base/log.ts";
import { type AgentServerOptions, startAgentServer } from "../../tablet-agent/api/agent-server.ts";
import type { AgentVerbs } from "../../tablet-agent/api/agent-verbs.ts";
import { fullStatus } from "./sample-status.ts";

export interface FakeAgent {
  readonly target: AgentTarget;
  readonly port: number;
  close(): Promise<void>;
}

export const goodVerbs: AgentVerbs = {
  live: () => ({ isGood: true, reason: "live" }),
  ready: () => fullStatus.ready,
  status: async () => fullStatus,
  ask: async () => fullStatus,
  pledge: async (pledge) => ({ ...fullStatus, pledge }),
  switchover: async ({ to = "s1-1" }) => ({ kind: "done", primary: to, term: 8, pausedMs: 412 }),
};

/** The agent of tablet s1-0 of shard s1, unless something else is asked for. */
export async function fakeAgent(
  tls: TlsFiles,
  verbs: Partial<AgentVerbs> = {},
  options: Partial<AgentServerOptions> = {},
): Promise<FakeAgent> {
  const whole = {
    host: "127.0.0.1",
    port: 0,
    shard: "s1",
    tablet: "s1-0",
    log: createLog("agent", "silent"),
    ...options,
  };
  const server = await startAgentServer({ ...whole, tls, verbs: { ...goodVerbs, ...verbs } });
  onTestFinished(() => server.close());
  const { shard, tablet, host } = whole;
  const target = { shard, tablet, address: { host, port: server.port } };
  return { target, port: server.port, close: () => server.close() };
}

export function clientOf(tls: TlsFiles, options: Partial<AgentClientOptions> = {}) {
  const client = agentClient({ tls, ...options });
  onTestFinished(() => client.close());
  return client;
}
