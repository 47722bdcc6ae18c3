// The quorums of a shard. A write is acknowledged when the primary and so many standbys of the cohort have flushed it; a
// term may begin when so many of them have pledged it that every acknowledging set contains one. The cohort's members are
// the primary and the standbys. While it changes, both cohorts are asked.
import type { Cohort, Shard } from "../../src/topology/snapshot.ts";

/** The one that commits have to wait for, or are about to: a change goes towards `nextCohort`. */
export function cohortInCharge({ cohort, nextCohort }: Shard): Cohort {
  return nextCohort ?? cohort;
}

/**
 * Whether those who have pledged, with whole data, have one of every set that acknowledges. The primary has everything by
 * itself. Where nobody acknowledges, only the primary is sure to have it: `isEnoughWithout` decides there.
 */
export function haveQuorum(shard: Shard, names: ReadonlySet<string>, isEnoughWithout: boolean): boolean {
  if (shard.primary && names.has(shard.primary.name)) return true;
  return cohorts(shard).every(({ standbys, acknowledgements }) =>
    acknowledgements === 0
      ? isEnoughWithout
      : standbys.filter((name) => names.has(name)).length > standbys.length - acknowledgements,
  );
}

/** Whether the others are too few to begin a term, when these and the primary know of none. */
export function isRestTooFew(shard: Shard, names: ReadonlySet<string>): boolean {
  return cohorts(shard).some(({ standbys, acknowledgements }) =>
    acknowledgements === 0
      ? shard.tablets.every(({ name }) => name === shard.primary?.name || names.has(name))
      : standbys.filter((name) => names.has(name)).length >= acknowledgements,
  );
}

/** The document of a new term: the members stay, and who was primary is a standby like the others. */
export function withPrimary(shard: Shard, name: string, term: number): Shard {
  const { switchover: _, ...rest } = shard;
  const primary = shard.tablets.find((tablet) => tablet.name === name);
  const moved = (cohort: Cohort): Cohort => {
    if (cohort.acknowledgements === 0) return cohort;
    const members = new Set([...cohort.standbys, ...(shard.primary ? [shard.primary.name] : [])]);
    return { ...cohort, standbys: [...members].filter((member) => member !== name) };
  };
  return {
    ...rest,
    primary,
    term,
    cohort: moved(shard.cohort),
    nextCohort: shard.nextCohort && moved(shard.nextCohort),
  };
}

export function isSameCohort(a: Cohort, b: Cohort): boolean {
  return (
    a.acknowledgements === b.acknowledgements &&
    a.standbys.length === b.standbys.length &&
    a.standbys.every((name) => b.standbys.includes(name))
  );
}

function cohorts({ cohort, nextCohort }: Shard): readonly Cohort[] {
  return nextCohort ? [cohort, nextCohort] : [cohort];
}
