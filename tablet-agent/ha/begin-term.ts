// Rules of the tablet that is not primary and holds, or wants, the lease: collect pledges for a new term, then name the
// most advanced of those who gave them. The lease only keeps candidates out of each other's way.
import type { ClusterView } from "./cluster-view.ts";
import { haveQuorum, withPrimary } from "./cohort.ts";
import type { Decision } from "./decision.ts";
import { freshAnswers, hasLease, highestTerm, isNamed } from "./may-lead.ts";
import type { Patience } from "./patience.ts";
import { compareWal, type WalPosition } from "./wal-position.ts";

export function takeFreeLease(view: ClusterView, patience: Patience): Decision | undefined {
  const { lease, nowMs, restsUntilMs, self, shard } = view;
  if (lease.kind !== "free" || shard.term === 0) return undefined;
  if (view.postgres.kind === "primary") return { kind: "try-lease", reason: "the primary takes its lease again" };
  if (nowMs < restsUntilMs || !view.data.isWhole) return undefined;
  if (isNamed(view)) return { kind: "try-lease", reason: "the named primary takes the free lease" };
  if (!isCandidate(view)) return undefined;
  if (shard.switchover?.to === self)
    return { kind: "try-lease", reason: "this tablet is to be primary by a switchover" };
  if (nowMs - lease.sinceMs < patienceWithFree(view, patience)) return undefined;
  return { kind: "try-lease", reason: `${primaryName(view)} has not taken the free lease` };
}

/**
 * The target of a switchover goes first; a primary that works, and may have lost the lease only because the store was away,
 * costs nobody anything meanwhile; and those who acknowledge commits are better candidates than others.
 */
function patienceWithFree(view: ClusterView, patience: Patience): number {
  const { shard, self, primarySaid } = view;
  const { freeLeaseMs, restMs } = patience;
  const works = primarySaid && freshAnswers(view, patience).some(({ name }) => name === shard.primary?.name);
  if (shard.switchover || works) return restMs;
  const isMember = [shard.cohort, shard.nextCohort].some((cohort) => cohort?.standbys.includes(self));
  return isMember || shard.primary?.name === self ? freeLeaseMs : 3 * freeLeaseMs;
}

export function leaveLease(view: ClusterView, { candidateMs, restMs }: Patience): Decision | undefined {
  const { lease, pledge, self, shard, nowMs } = view;
  if (lease.kind !== "mine" || shard.term === 0 || isNamed(view)) return undefined;
  const leave = (reason: string): Decision => ({ kind: "release-lease", restMs, reason });
  if (isLeftToTarget(view))
    return leave(`term ${pledge.term} is pledged to ${pledge.candidate}, which is to be primary by a switchover`);
  const since = lease.candidateSinceMs;
  if (since !== undefined && Math.abs(nowMs - since) >= candidateMs)
    return leave("too few members of the cohort have pledged a new term in time");
  if (!view.data.isWhole || !shard.tablets.some(({ name }) => name === self))
    return leave("this tablet cannot be a candidate: its data is not whole, or the topology does not have it");
  if (view.postgres.kind === "stopped" && (view.postgres.how === "damaged" || view.postgres.how === "disk-full"))
    return leave(`this tablet cannot be a candidate: PostgreSQL does not start (${view.postgres.how})`);
  return undefined;
}

/** The target has its chance once. When it has not taken it, whoever holds the lease is a candidate like any other. */
function isLeftToTarget({ pledge, restsUntilMs, self, shard, switchover }: ClusterView): boolean {
  const to = shard.switchover?.to;
  if (!switchover || to === undefined || to === self || restsUntilMs > switchover.sinceMs) return false;
  return pledge.term > shard.term && pledge.candidate === to;
}

export function nameMostAdvanced(view: ClusterView, patience: Patience): Decision | undefined {
  const { pledge, self, shard, version, lease } = view;
  if (lease.kind !== "mine" || pledge.candidate !== self || pledge.term <= shard.term) return undefined;
  const pledged = pledges(view);
  const witnesses = pledged.flatMap(({ name, wal }) => (wal ? [{ name, wal }] : []));
  const best = witnesses.reduce<Witness | undefined>((a, b) => (a && compareWal(b.wal, a.wal) <= 0 ? a : b), undefined);
  const names = new Set(witnesses.map(({ name }) => name));
  const isEnoughWithout = haveAllAnswered(view, pledged, patience);
  if (!best || !haveQuorum(shard, names, isEnoughWithout)) return undefined;
  const reason = `${best.name} is the most advanced of ${[...names].join(", ")}, who have pledged term ${pledge.term}`;
  const after = withPrimary(shard, best.name, pledge.term);
  return { kind: "change-shard", change: "name-primary", before: { shard, version }, after, reason };
}

export function askPledges(view: ClusterView): Decision | undefined {
  const { answers, self, shard } = view;
  if (!hasLease(view) || !isCandidate(view)) return undefined;
  const highest = highestTerm(view);
  // The one that is named is to lead, unless somebody has begun to look for pledges of a later term.
  if (isNamed(view) && highest === shard.term) return undefined;
  // Unless somebody has pledged the highest term to another, it is this candidate's.
  const isOurs = [view, ...answers].every(({ pledge }) => pledge.term < highest || pledge.candidate === self);
  const term = isOurs && highest > shard.term ? highest : highest + 1;
  const reason = `the primary of term ${shard.term}, ${primaryName(view)}, does not hold the lease`;
  return { kind: "ask-pledges", term, reason };
}

interface Witness {
  readonly name: string;
  readonly wal: WalPosition;
}

interface Pledged {
  readonly name: string;
  readonly isWhole: boolean;
  readonly wal: WalPosition | undefined;
}

function isCandidate({ data, postgres, self, shard }: ClusterView): boolean {
  return data.isWhole && postgres.kind === "standby" && shard.tablets.some(({ name }) => name === self);
}

/** Tablets of the shard that have pledged this candidate's term; itself first. Those whose data is whole are witnesses. */
function pledges({ self, pledge, data, wal, shard, answers }: ClusterView): Pledged[] {
  const own = { name: self, pledge, isWhole: data.isWhole, wal };
  return [own, ...answers.filter(({ name }) => name !== self)].flatMap((answer) => {
    const isPledged = answer.pledge.term === pledge.term && answer.pledge.candidate === self;
    const isTablet = shard.tablets.some(({ name }) => name === answer.name);
    const { name, isWhole } = answer;
    return isPledged && isTablet ? [{ name, isWhole, wal: isWhole ? answer.wal : undefined }] : [];
  });
}

/**
 * Where no quorum decides (durability `none`): whoever may have more has been waited for. A tablet that has pledged and
 * still replays its WAL is waited for longer.
 */
function haveAllAnswered(
  view: ClusterView,
  pledged: readonly Pledged[],
  { answersMs, candidateMs }: Patience,
): boolean {
  const { lease, nowMs, shard } = view;
  const since = lease.kind === "mine" ? lease.candidateSinceMs : undefined;
  const waitedMs = since === undefined ? 0 : Math.abs(nowMs - since);
  const areKnown = pledged.every(({ isWhole, wal }) => wal !== undefined || !isWhole);
  if (areKnown && shard.tablets.every(({ name }) => pledged.some((tablet) => tablet.name === name))) return true;
  return waitedMs >= answersMs && (areKnown || waitedMs >= candidateMs * 0.8);
}

function primaryName({ shard }: ClusterView): string {
  return shard.primary?.name ?? "nobody";
}
