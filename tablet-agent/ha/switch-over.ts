// A planned switchover. The document says `switchover`, and gateways hold what has not begun. The primary waits until no
// transaction is open, stops, so that its standbys get everything, pledges the next term to the target and leaves it the
// lease. The target begins the term like any candidate, and with the new term the switchover is gone from the document.
import type { Shard } from "../../src/topology/snapshot.ts";
import type { ClusterView, PrimaryState } from "./cluster-view.ts";
import type { Decision, ShardChange } from "./decision.ts";
import { freshAnswers, hasLease, highestTerm, isNamed } from "./may-lead.ts";
import type { Patience } from "./patience.ts";

/** Who takes over when nobody was named: who is furthest of those who can. undefined: nobody can. */
export function bestTarget(view: ClusterView, patience: Patience): string | undefined {
  if (view.postgres.kind !== "primary") return undefined;
  return [...view.postgres.standbys]
    .sort((a, b) => b.flushedLsn - a.flushedLsn)
    .find(({ name }) => whyNotTo(view, name, patience) === undefined)?.name;
}

/** Why the primary cannot be switched over to that tablet now. undefined: it can. */
export function whyNotTo(view: ClusterView, to: string, patience: Patience): string | undefined {
  const { postgres, shard, self } = view;
  if (postgres.kind !== "primary" || postgres.term !== shard.term) return "this tablet is not the primary";
  if (to === self) return `${to} is the primary`;
  if (!shard.tablets.some(({ name }) => name === to)) return `the shard has no tablet ${to}`;
  const standby = postgres.standbys.find(({ name }) => name === to);
  if (!standby?.isStreaming) return `${to} does not receive the primary's WAL`;
  if (standby.lagBytes > patience.lagBytesMax) return `${to} is ${standby.lagBytes} bytes behind`;
  const answer = freshAnswers(view, patience).find(({ name }) => name === to);
  if (!answer) return `the agent of ${to} does not answer`;
  if (!answer.isWhole) return `the data of ${to} is not whole`;
  if (answer.freeBytes !== undefined && answer.freeBytes < patience.freeBytesMin) return `the disk of ${to} is full`;
  return undefined;
}

/** The document that begins it, once the checks are passed and a checkpoint has been made. */
export function beginSwitchover(view: ClusterView, to: string, reason: string): Decision {
  return change(view, "begin-switchover", { ...view.shard, switchover: { to } }, reason);
}

export function leaveFullDisk(view: ClusterView, patience: Patience): Decision | undefined {
  const { data, shard } = view;
  if (data.freeBytes === undefined || data.freeBytes >= patience.freeBytesMin || shard.switchover) return undefined;
  if (!isNamed(view) || !hasLease(view)) return undefined;
  const to = bestTarget(view, patience);
  return to === undefined ? undefined : beginSwitchover(view, to, `the disk is full, and ${to} can take over`);
}

/** The primary's side, until it has stopped. A switchover to itself is a restart in place, and over when that is done. */
export function drain(view: ClusterView, patience: Patience): Decision | undefined {
  const { shard, postgres, switchover, nowMs } = view;
  if (!shard.switchover || postgres.kind !== "primary" || !isNamed(view)) return undefined;
  const { to } = shard.switchover;
  const isRestart = to === view.self;
  const { switchover: _, ...after } = shard;
  if (isRestart && !view.isRestartPending)
    return change(view, "end-switchover", after, "PostgreSQL has been started again, or need not be");
  const why = (isRestart ? undefined : whyNotTo(view, to, patience)) ?? whyNotNow(view, postgres);
  const waitedMs = switchover ? nowMs - switchover.sinceMs : 0;
  if (why === undefined) {
    if (waitedMs < patience.settleMs)
      return { kind: "wait", reason: `gateways are given time to hear of the switchover to ${to}` };
    if (postgres.openTransactions === 0 || (switchover?.isForced && waitedMs >= patience.drainMs))
      return {
        kind: "stop",
        mode: "fast",
        reason: isRestart ? "PostgreSQL is to be started again in place" : `${to} is to be primary by a switchover`,
      };
    if (waitedMs < patience.drainMs)
      return {
        kind: "wait",
        reason: `${postgres.openTransactions} transactions are open before the switchover to ${to}`,
      };
  } else if (waitedMs < patience.settleMs) {
    return { kind: "wait", reason: `no switchover to ${to} yet: ${why}` };
  }
  const reason = why ?? `${postgres.openTransactions} transactions were still open after ${patience.drainMs / 1000} s`;
  return change(view, "end-switchover", after, `no switchover to ${to}: ${reason}`);
}

/** The primary has stopped: from now on it acknowledges nothing, and the target need not wait for the lease. */
export function pledgeToTarget(view: ClusterView): Decision | undefined {
  const { shard, postgres, self } = view;
  if (!shard.switchover || shard.switchover.to === self || !isNamed(view)) return undefined;
  if (postgres.kind !== "stopped" || postgres.how !== "cleanly") return undefined;
  const { to } = shard.switchover;
  const term = highestTerm(view) + 1;
  return { kind: "give-pledge", term, candidate: to, reason: `the primary has stopped, and ${to} is to be the next` };
}

/** While the cohort changes, or what is wanted is not in force, a switchover waits for a moment. */
function whyNotNow({ lease }: ClusterView, { synchronous }: PrimaryState): string | undefined {
  if (lease.kind !== "mine") return "the lease is not held";
  return synchronous ? undefined : "synchronous_standby_names are not in force";
}

function change({ shard, version }: ClusterView, what: ShardChange, after: Shard, reason: string): Decision {
  return { kind: "change-shard", change: what, before: { shard, version }, after, reason };
}
