// The heart of failover: what a tablet agent does next, from what it knows, as an ordered list of rules of which the first
// that applies decides. Pure. docs/failover.md says why it is safe.
import { askPledges, leaveLease, nameMostAdvanced, takeFreeLease } from "./begin-term.ts";
import type { ClusterView, Patience } from "./cluster-view.ts";
import type { Decision } from "./decision.ts";
import { keepLease, promoteNamed, stopOutdatedPrimary, stopPrimaryCutOff } from "./lead.ts";
import { followNamed, startStopped } from "./stand-by.ts";

const rules: readonly ((view: ClusterView, patience: Patience) => Decision | undefined)[] = [
  stopOutdatedPrimary,
  stopPrimaryCutOff,
  keepLease,
  promoteNamed,
  startStopped,
  followNamed,
  takeFreeLease,
  leaveLease,
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
