// What is lost for good when a tablet that has been primary is rewound: the WAL that it has written and that its successor
// was chosen without. Where commits wait for standbys nobody was told that they are done; where they wait for nobody
// (durability `none`) they may have been acknowledged, and that is to be known.
import type { ClusterView } from "./cluster-view.ts";
import type { TermStart } from "./wal-position.ts";

export interface LostWal {
  /** Not all of it is commits. */
  readonly bytes: number;
  readonly mayBeAcknowledged: boolean;
  readonly reason: string;
}

/** `terms`: what the own WAL says. undefined: nothing is lost here, or it cannot be told how much. */
export function lostWal(
  { data, wal, shard, primarySaid }: ClusterView,
  terms: readonly TermStart[],
): LostWal | undefined {
  // A standby that is rewound has what its primary had, too; that one counts it.
  if (!wal || !primarySaid || data.promotedTerm !== wal.term) return undefined;
  const commonLsn = endOfCommon(terms, primarySaid.terms);
  if (commonLsn === undefined || wal.lsn <= commonLsn) return undefined;
  const bytes = wal.lsn - commonLsn;
  const mayBeAcknowledged = shard.durability === "none" || shard.cohort.acknowledgements === 0;
  const what = `${bytes} bytes of WAL, written here as primary of term ${wal.term}, are not in term ${shard.term}`;
  const reason = mayBeAcknowledged
    ? `${what}: commits in them may have been acknowledged, as they wait for no standby (durability none)`
    : `${what}: no commit in them was ever acknowledged, as none had enough standbys`;
  return { bytes, mayBeAcknowledged, reason };
}

/** Where the histories part; the end of the own one is not looked at. undefined: they have no term in common. */
function endOfCommon(own: readonly TermStart[], others: readonly TermStart[]): number | undefined {
  const at = own.findLastIndex(({ term }) => others.some((start) => start.term === term));
  const common = own[at];
  if (common === undefined) return undefined;
  const ends = [own[at + 1], others[others.findLastIndex(({ term }) => term === common.term) + 1]];
  return Math.min(...ends.map((next) => next?.lsn ?? Number.POSITIVE_INFINITY));
}
