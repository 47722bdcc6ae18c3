// Everything that a simulated shard consists of.
import type { ClusterView } from "../../tablet-agent/ha/cluster-view.ts";
import type { Decision } from "../../tablet-agent/ha/decision.ts";
import type { Random } from "../support/random.ts";
import type { Checker } from "./checker.ts";
import type { Events } from "./events.ts";
import type { Moment } from "./faults.ts";
import type { Network } from "./network-model.ts";
import type { PostgresWorld } from "./postgres-model.ts";
import type { Store } from "./store-model.ts";
import type { Tablet } from "./tablet-model.ts";

export interface World {
  readonly events: Events;
  /** Each host has its own, so that what befalls one does not change the luck of the others. */
  readonly random: (host: string) => Random;
  readonly network: Network;
  readonly store: Store;
  readonly tablets: ReadonlyMap<string, Tablet>;
  readonly checker: Checker;
  readonly mutation: Mutation;
  /** What happens next at these moments. */
  readonly awaited: { readonly moment: Moment; readonly run: () => void }[];
  readonly postgresWorld: PostgresWorld;
}

/** A rule of safety switched off, to see that the checker notices. */
export interface Mutation {
  /** Another view than what is. */
  readonly view?: (view: ClusterView) => ClusterView;
  /** Another decision than what was decided. */
  readonly decision?: (decision: Decision, view: ClusterView) => Decision;
  /** A pledge is given, and WAL of the old primary received all the same. */
  readonly keepReceiver?: boolean;
  /** The topology is written without comparing. */
  readonly blindWrite?: boolean;
}

export function happens(moment: Moment, { awaited }: World): void {
  if (!awaited.some((one) => one.moment === moment)) return;
  for (const one of awaited.splice(0)) {
    if (one.moment === moment) one.run();
    else awaited.push(one);
  }
}
