// The last decisions of an agent, for its status: each with its reason, and those that are taken again and again once.
import type { LoggedDecision } from "../../src/agent-api/tablet-status.ts";

export interface DecisionLog {
  add(decision: { readonly kind: string; readonly reason: string }): void;
  /** The newest last. */
  list(): readonly LoggedDecision[];
}

const decisionsMax = 50;

/** `now` tells the time for people. */
export function decisionLog(now: () => Date = () => new Date(), max = decisionsMax): DecisionLog {
  let decisions: readonly LoggedDecision[] = [];
  return {
    add({ kind, reason }) {
      const last = decisions.at(-1);
      const isSame = last?.decision === kind && last.reason === reason;
      const next = isSame
        ? { ...last, times: last.times + 1 }
        : { at: now().toISOString(), times: 1, decision: kind, reason };
      decisions = [...(isSame ? decisions.slice(0, -1) : decisions), next].slice(-max);
    },
    list: () => decisions,
  };
}
