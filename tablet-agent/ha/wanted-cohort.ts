// Which standbys a primary would have acknowledge its commits: by the shard's policy, and by who is there. One that has just
// come or gone changes nothing yet, and a cohort is never given up for one that is too small for the policy.
import type { Cohort, Shard, Tablet } from "../../src/topology/snapshot.ts";
import { noCohort } from "../../src/topology/snapshot.ts";
import type { StandbyState } from "./cluster-view.ts";
import { cohortInCharge } from "./cohort.ts";
import type { Patience } from "./patience.ts";

/** The present one when nothing better can be had. */
export function wantedCohort(
  shard: Shard,
  standbys: readonly StandbyState[],
  nowMs: number,
  patience: Patience,
): Cohort {
  const { durability, tablets, primary } = shard;
  const present = cohortInCharge(shard);
  if (durability === "none") return noCohort;
  const acknowledgements = durability === "majority" ? Math.floor(tablets.length / 2) : 1;
  // A shard of one tablet has a majority by itself.
  if (acknowledgements === 0) return noCohort;
  const healthy = tablets.filter(
    (tablet) =>
      tablet.name !== primary?.name &&
      (durability !== "zone" || isElsewhere(tablet, primary)) &&
      isHealthy(
        standbys.find(({ name }) => name === tablet.name),
        present,
        nowMs,
        patience,
      ),
  );
  if (healthy.length < acknowledgements) return present;
  return { standbys: healthy.map(({ name }) => name), acknowledgements };
}

/** Tablets without a zone are in one of their own together. */
function isElsewhere(tablet: Tablet, primary: Tablet | undefined): boolean {
  return tablet.zone !== primary?.zone;
}

function isHealthy(standby: StandbyState | undefined, present: Cohort, nowMs: number, patience: Patience): boolean {
  if (!standby) return false;
  const { name, isStreaming, sinceMs, lagBytes } = standby;
  if (present.standbys.includes(name)) return isStreaming || nowMs - sinceMs < patience.leaveMs;
  return isStreaming && nowMs - sinceMs >= patience.joinMs && lagBytes <= patience.lagBytesMax;
}
