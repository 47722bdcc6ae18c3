// Rules of the tablet that is not primary and holds, or wants, the lease: collect pledges for a new term, then name the
// most advanced of those who gave them. The lease only keeps candidates out of each other's way.
import type { ClusterView, Patience } from "./cluster-view.ts";
import { pledgesNeeded } from "./cohort.ts";
import type { Decision } from "./decision.ts";
import { highestTerm, isNamed } from "./may-lead.ts";
import { compareWal, type WalPosition } from "./wal-position.ts";

interface Witness {
  readonly name: string;
  readonly wal: WalPosition;
}

export function takeFreeLease(view: ClusterView, { freeLeaseMs }: Patience): Decision | undefined {
  const { lease, nowMs, restsUntilMs, self, shard } = view;
  if (lease.kind !== "free" || view.wal === undefined || nowMs < restsUntilMs) return undefined;
  const isOurs = isNamed(view);
  if (!isOurs && nowMs - lease.sinceMs < freeLeaseMs) return undefined;
  if (!shard.cohort.members.includes(self)) return undefined;
  return {
    kind: "try-lease",
    reason: isOurs ? "the named primary takes the free lease" : `${shard.primary} has not taken the free lease`,
  };
}

export function leaveLease(view: ClusterView, { candidateMs }: Patience): Decision | undefined {
  if (view.lease.kind !== "mine") return undefined;
  const since = view.lease.candidateSinceMs;
  if (since === undefined || Math.abs(view.nowMs - since) < candidateMs) return undefined;
  return { kind: "release-lease", reason: "too few members of the cohort have pledged a new term in time" };
}

export function nameMostAdvanced(view: ClusterView): Decision | undefined {
  const { pledge, self, shard } = view;
  if (view.lease.kind !== "mine" || pledge.candidate !== self || pledge.term <= shard.term) return undefined;
  const pledged = witnesses(view);
  // The primary of the term before has all that was acknowledged, and has stopped. Without this, a shard whose standbys were
  // all being rebuilt when it stopped would never begin a term again.
  const hasPrimary = pledged.some(({ name }) => name === shard.primary);
  if (!hasPrimary && pledged.length < pledgesNeeded(shard.cohort)) return undefined;
  const best = pledged.reduce((a, b) => (compareWal(b.wal, a.wal) > 0 ? b : a));
  const reason = `${best.name} is the most advanced of ${pledged.map(({ name }) => name).join(", ")}, who have pledged term ${pledge.term}`;
  return { kind: "name-primary", primary: best.name, term: pledge.term, version: shard.version, reason };
}

export function askPledges(view: ClusterView): Decision | undefined {
  const { lease, pledge, self, shard } = view;
  if (lease.kind !== "mine" || view.nowMs >= lease.untilMs || view.wal === undefined) return undefined;
  const highest = highestTerm(view);
  const isRunning = pledge.candidate === self && pledge.term === highest && pledge.term > shard.term;
  const term = isRunning ? pledge.term : highest + 1;
  return {
    kind: "ask-pledges",
    term,
    reason: `the primary of term ${shard.term}, ${shard.primary}, has lost its lease`,
  };
}

/** Members of the cohort that have pledged this candidate's term and whose data is whole; itself first. */
function witnesses({ self, pledge, wal, shard, answers }: ClusterView): Witness[] {
  const own = { name: self, pledge, wal };
  return [own, ...answers.filter(({ name }) => name !== self)].flatMap((answer) => {
    const isPledged = answer.pledge.term === pledge.term && answer.pledge.candidate === self;
    const isMember = shard.cohort.members.includes(answer.name);
    return isPledged && isMember && answer.wal !== undefined ? [{ name: answer.name, wal: answer.wal }] : [];
  });
}
