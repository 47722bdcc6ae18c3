// The heart of failover: what a tablet agent does next, from what it knows, as an ordered list of rules of which the first
// that applies decides. Pure. docs/failover.md says why it is safe.
import { askPledges, leaveLease, nameMostAdvanced, takeFreeLease } from "./begin-term.ts";
import { changeCohort } from "./change-cohort.ts";
import type { ClusterView } from "./cluster-view.ts";
import type { Decision } from "./decision.ts";
import { initialise } from "./initialise.ts";
import { keepLease, leaveToOthers, promoteNamed, startInPlace } from "./lead.ts";
import type { Patience } from "./patience.ts";
import { followNamed, getData, startStopped } from "./stand-by.ts";
import { killFrozen, stopOutdatedPrimary, stopPrimaryCutOff, stopUnfinishedPrimary } from "./stop-primary.ts";
import { drain, leaveFullDisk, pledgeToTarget } from "./switch-over.ts";

const rules: readonly ((view: ClusterView, patience: Patience) => Decision | undefined)[] = [
  stopOutdatedPrimary,
  killFrozen,
  stopPrimaryCutOff,
  stopUnfinishedPrimary,
  initialise,
  keepLease,
  drain,
  leaveFullDisk,
  pledgeToTarget,
  leaveToOthers,
  startInPlace,
  promoteNamed,
  changeCohort,
  takeFreeLease,
  leaveLease,
  getData,
  startStopped,
  followNamed,
  nameMostAdvanced,
  askPledges,
];

export function decide(view: ClusterView, patience: Patience): Decision {
  for (const rule of rules) {
    const decision = rule(view, patience);
    if (decision !== undefined) return decision;
  }
  return { kind: "wait", reason: "nothing is to be done" };
}
