// What the agent tells the process that has started it, out of what it decides.
import type { AgentEvent } from "../src/agent-api/agent-event.ts";
import type { ClusterView } from "./ha/cluster-view.ts";
import type { Decision } from "./ha/decision.ts";

export interface AgentStory {
  decided(decision: Decision, view: ClusterView): void;
  /** What takes long; undefined: nothing does any more. */
  doing(activity: string | undefined): void;
}

export function agentStory(emit: (event: AgentEvent) => void): AgentStory {
  let wasReady = false;
  let primary: string | undefined;
  let whyPrimary = "";
  let isCloning = false;

  return {
    doing(activity) {
      if (activity === "initialising") emit({ kind: "initialising" });
      const clones = activity?.startsWith("cloning") === true;
      if (clones && !isCloning) emit({ kind: "cloning" });
      isCloning = clones;
    },

    decided(decision, { postgres, shard, self }) {
      if (decision.kind === "promote" || decision.kind === "start-primary") whyPrimary = decision.reason;
      if (decision.kind === "start-primary" || decision.kind === "start-standby") emit({ kind: "starting" });
      const isPrimary = postgres.kind === "primary" && shard.primary?.name === self && postgres.term === shard.term;
      const isStandby = postgres.kind === "standby" && postgres.follows?.term === shard.term;
      if (isPrimary && primary !== undefined && primary !== self)
        emit({ kind: "primary", term: shard.term, reason: whyPrimary });
      if (isPrimary || (shard.primary && shard.primary.name !== self)) primary = shard.primary?.name;
      const isReady = isPrimary || isStandby;
      if (isReady && !wasReady) emit({ kind: "ready", role: isPrimary ? "primary" : "standby" });
      wasReady = isReady;
    },
  };
}
