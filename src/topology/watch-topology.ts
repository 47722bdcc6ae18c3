// The topology as it changes: one immutable value after the other.
import { backoff } from "../base/backoff.ts";
import { delayUnlessAborted } from "../base/delay.ts";
import type { Topology } from "./snapshot.ts";
import type { TopologyStore } from "./store.ts";
import { apply, nothingKnown, type TopologyState } from "./topology-state.ts";

export interface WatchTopologyOptions {
  /** Told why the present documents make no topology, or why the store cannot be watched; the watch goes on. */
  readonly onTrouble?: (reason: unknown) => void;
  /** Called as often as the store confirms that its documents are those of the topology that was given last. */
  readonly onConfirmed?: () => void;
}

/**
 * Gives the present topology as soon as there is one, then every change, until the signal is aborted. While documents
 * are missing or contradict each other, what was given last stays valid.
 */
export async function* watchTopology(
  store: TopologyStore,
  signal: AbortSignal,
  { onTrouble = () => {}, onConfirmed = () => {} }: WatchTopologyOptions = {},
): AsyncGenerator<Topology> {
  const pause = backoff();
  let state: TopologyState = nothingKnown;
  while (!signal.aborted) {
    try {
      for await (const event of store.watch("", signal)) {
        if (event.kind === "interrupted") {
          onTrouble(event.reason);
          continue;
        }
        const before = state;
        state = apply(before, event);
        if (state.refused && state.refused.message !== before.refused?.message) onTrouble(state.refused);
        if (state.topology && !state.refused) onConfirmed();
        if (state.topology && state.topology !== before.topology) yield state.topology;
        pause.reset();
      }
    } catch (error) {
      onTrouble(error);
    }
    await delayUnlessAborted(pause.next(), signal);
  }
}
