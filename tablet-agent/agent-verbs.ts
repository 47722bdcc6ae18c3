// What others may ask of this agent.
import { readFileSync } from "node:fs";
import type { Health, TabletStatus } from "../src/agent-api/tablet-status.ts";
import { parseJson } from "../src/base/json.ts";
import type { AgentVerbs } from "./api/agent-verbs.ts";
import type { Loop, LoopOptions } from "./loop.ts";
import { ownAnswer } from "./own-answer.ts";
import { standbyName } from "./postgres/server.ts";
import { switchOver } from "./switch-over.ts";

export interface VerbsOptions extends Omit<LoopOptions, "signal" | "onDecision" | "mayGoOn"> {
  readonly postgresVersion: string;
  readonly activity: () => string | undefined;
}

/** Of one that works. */
const roundsEveryMs = 5_000;

export function agentVerbs(loop: Loop, options: VerbsOptions): AgentVerbs {
  const { self, postgres, now } = options;
  const startedAtMs = now();
  const answer = () => ownAnswer(self, postgres, loop.freeBytes);
  return {
    live() {
      const { view } = loop;
      const isGood = view === undefined || now() - view.nowMs < roundsEveryMs;
      return { isGood, reason: isGood ? "the agent goes its rounds" : "the agent's rounds have come to a stop" };
    },
    ready: () => health(loop, options),
    ask: async () => answer(),
    async pledge(pledge) {
      await postgres.givePledge(pledge);
      return answer();
    },
    async status() {
      const { shard, decisions, shards, activity, postgresVersion } = options;
      const topologyAgeMs = shards.ageMs();
      const doing = activity();
      return {
        ...answer(),
        shard,
        ready: health(loop, options),
        ...(doing !== undefined && { activity: doing }),
        lease: leaseOf(options),
        postgresVersion,
        ...lagOf(options),
        ...(postgres.synchronous && { synchronous: postgres.synchronous.cohort }),
        standbys: standbysOf(options),
        lostBytes: postgres.lostBytes,
        decisions: decisions.list(),
        ...(topologyAgeMs !== undefined && { topologyAgeMs }),
        agentVersion: version(),
        uptimeMs: now() - startedAtMs,
      } as TabletStatus;
    },
    switchover: (request) => switchOver(loop, options, request),
  };
}

function health(loop: Loop, { postgres, activity }: VerbsOptions): Health {
  const { view } = loop;
  const no = (reason: string): Health => ({ isGood: false, reason });
  const doing = activity();
  if (doing !== undefined) return no(doing);
  if (!view) return no("the topology is not known yet");
  const { kind } = view.postgres;
  if (kind === "primary") {
    const isNamed = view.shard.primary?.name === view.self && view.postgres.term === view.shard.term;
    return isNamed
      ? { isGood: true, reason: `primary of term ${view.shard.term}` }
      : no("another tablet is to be primary");
  }
  if (kind !== "standby") return no(`PostgreSQL is ${kind === "none" ? "not there" : kind}`);
  if (!view.postgres.follows) return no("a standby that follows nobody");
  const last = postgres.watch.last();
  if (last?.receiver?.status !== "streaming") return no(`nothing is received from ${view.postgres.follows.primary}`);
  return { isGood: true, reason: `standby of ${view.postgres.follows.primary}` };
}

function leaseOf({ lease, now }: VerbsOptions): TabletStatus["lease"] {
  const state = lease.state();
  if (state.kind === "mine") return { kind: "mine", remainingMs: Math.max(0, Math.round(state.untilMs - now())) };
  return { kind: state.kind };
}

function lagOf({ postgres, peers }: VerbsOptions): Pick<TabletStatus, "lagBytes" | "lagMs"> {
  const last = postgres.watch.last();
  if (last?.role !== "standby") return {};
  const primary = peers.answers().find(({ name }) => name === postgres.follows?.primary);
  return {
    ...(primary?.lsn !== undefined && { lagBytes: Math.max(0, primary.lsn - last.lsn) }),
    ...(last.lagMs !== undefined && { lagMs: Math.max(0, Math.round(last.lagMs)) }),
  };
}

function standbysOf({ postgres, shards, self }: VerbsOptions): TabletStatus["standbys"] {
  const last = postgres.watch.last();
  const { shard } = shards.current() ?? {};
  if (!last || !shard) return [];
  return shard.tablets.flatMap(({ name }) => {
    if (name === self) return [];
    const found = last.standbys.find(({ applicationName }) => applicationName === standbyName(name, last.term));
    if (!found) return [];
    const { flushedLsn: lsn, isStreaming, isSynchronous } = found;
    const state = isStreaming ? "streaming" : "catchup";
    return [{ name, state, isSynchronous, lsn, lagBytes: Math.max(0, last.lsn - lsn) }];
  });
}

let packageVersion: string | undefined;

function version(): string {
  if (packageVersion === undefined) {
    const path = new URL("../package.json", import.meta.url);
    const { version } = parseJson(readFileSync(path, "utf8"), "package.json") as { version: string };
    packageVersion = version;
  }
  return packageVersion;
}
