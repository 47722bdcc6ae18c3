// Rules of the tablet that the topology names as primary: come back where it is, or be promoted; and leave that to others
// when it cannot, and they can.
import type { ClusterView } from "./cluster-view.ts";
import { cohortInCharge, haveQuorum } from "./cohort.ts";
import type { Decision } from "./decision.ts";
import { freshAnswers, hasLease, highestTerm, isNamed, mayBegin } from "./may-lead.ts";
import type { Patience } from "./patience.ts";
import { startsAgainAtMs } from "./start-again.ts";
import { termStarts } from "./wal-position.ts";

export function leaveToOthers(view: ClusterView, patience: Patience): Decision | undefined {
  if (!isNamed(view) || view.postgres.kind === "primary" || view.lease.kind !== "mine") return undefined;
  const why = whyNotHere(view, patience);
  if (why === undefined || hasJustTried(view, patience) || !canOthers(view, patience)) return undefined;
  const reason = `${why}, and others can take over`;
  if (view.postgres.kind === "starting" || view.postgres.kind === "standby")
    return { kind: "stop", mode: "kill", reason };
  return { kind: "release-lease", restMs: 2 * patience.restMs, reason };
}

export function startInPlace(view: ClusterView, patience: Patience): Decision | undefined {
  const { postgres, shard, data, wal } = view;
  if (!isToLead(view, patience) || !data.isWhole) return undefined;
  // In the first term there is nobody else whose WAL could have parted from this one.
  const wasPrimary = data.promotedTerm === shard.term || shard.term === 1;
  const synchronous = cohortInCharge(shard);
  const start = (reason: string): Decision => {
    return { kind: "start-primary", term: shard.term, starts: [{ term: shard.term, lsn: 0 }], synchronous, reason };
  };
  if (postgres.kind === "standby" && (wal?.term === shard.term || (wasPrimary && wal !== undefined)))
    return start(`this tablet has been primary of term ${shard.term} before`);
  if (postgres.kind !== "stopped" || !wasPrimary) return undefined;
  if (view.nowMs < startsAgainAtMs(postgres)) return { kind: "wait", reason: "PostgreSQL has just failed again" };
  return start(`the primary of term ${shard.term} has ended (${postgres.how})`);
}

export function promoteNamed(view: ClusterView, patience: Patience): Decision | undefined {
  const { postgres, shard, wal } = view;
  if (postgres.kind !== "standby" || !wal || !view.data.isWhole || !isToLead(view, patience)) return undefined;
  if (postgres.follows) return undefined;
  return {
    kind: "promote",
    term: shard.term,
    starts: termStarts(shard.term, wal),
    synchronous: cohortInCharge(shard),
    reason: `the topology names this tablet primary of term ${shard.term}`,
  };
}

/** Nobody has begun a later term with enough pledges, or is about to. */
function isToLead(view: ClusterView, patience: Patience): boolean {
  return isNamed(view) && highestTerm(view) <= view.shard.term && mayBegin(view, patience);
}

function whyNotHere({ postgres, data, nowMs, shard, self }: ClusterView, patience: Patience): string | undefined {
  if (postgres.kind === "none") return "the data directory is gone";
  if (!data.isWhole) return "the data is not whole";
  if (postgres.kind === "stopped") {
    if (postgres.how === "disk-full") return "the disk is full";
    if (postgres.how === "damaged") return "PostgreSQL does not start with this data";
    if (postgres.failures >= patience.failuresMax) return "PostgreSQL crashes again and again";
  }
  // Where nobody acknowledges, others may have less: being slow is no reason.
  if (cohortInCharge(shard).acknowledgements === 0) return undefined;
  const isDown = postgres.kind === "stopped" || postgres.kind === "starting";
  // A restart in place is planned, and gateways hold their clients meanwhile.
  const isPlanned = shard.switchover?.to === self;
  const restartMs = isPlanned ? patience.plannedRestartMs : patience.restartMs;
  if (isDown && nowMs - postgres.downSinceMs >= restartMs) return `PostgreSQL has been down for ${restartMs / 1000} s`;
  return undefined;
}

/** Others have had their chance since it went down, and did not take it: so it is tried here for a while. */
function hasJustTried({ postgres, nowMs, restsUntilMs }: ClusterView, { restMs }: Patience): boolean {
  if (postgres.kind !== "stopped" && postgres.kind !== "starting") return false;
  return restsUntilMs > postgres.downSinceMs && nowMs - restsUntilMs < 5 * restMs;
}

/** As it seems: enough of them answer, with whole data. */
function canOthers(view: ClusterView, patience: Patience): boolean {
  const { shard, self } = view;
  const whole = freshAnswers(view, patience).filter(
    ({ isWhole, freeBytes }) => isWhole && (freeBytes === undefined || freeBytes >= patience.freeBytesMin),
  );
  const names = new Set(whole.map(({ name }) => name).filter((name) => name !== self));
  return haveQuorum(shard, names, names.size > 0);
}

export function keepLease(view: ClusterView): Decision | undefined {
  const { postgres, lease } = view;
  if (postgres.kind !== "primary" || lease.kind === "mine" || hasLease(view)) return undefined;
  return { kind: "try-lease", reason: "the primary asks for its lease again" };
}
