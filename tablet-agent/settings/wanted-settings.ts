// The cluster's settings as the topology has them, followed as they change.
import { backoff } from "../../src/base/backoff.ts";
import { delayUnlessAborted } from "../../src/base/delay.ts";
import type { Log } from "../../src/base/log.ts";
import type { ClusterSettings } from "../../src/topology/cluster-settings.ts";
import { clusterKey, readCluster } from "../../src/topology/documents.ts";
import type { Entry, TopologyStore } from "../../src/topology/store.ts";

export interface WantedSettings {
  /** undefined: nothing has been heard yet. */
  current(): ClusterSettings | undefined;
  /** Asks the store itself. Throws what the store throws. */
  read(): Promise<void>;
  /** Resolves after the signal is aborted. */
  readonly ended: Promise<void>;
}

export function watchSettings(
  store: TopologyStore,
  { onChange, log, signal }: { readonly onChange: () => void; readonly log: Log; readonly signal: AbortSignal },
): WantedSettings {
  let current: ClusterSettings | undefined;

  const hear = (entry: Entry | undefined) => {
    if (entry?.key !== clusterKey) return;
    current = readCluster(entry.value).settings;
    onChange();
  };

  const follow = async () => {
    const pause = backoff({ maxMs: 1_000 });
    let trouble: string | undefined;
    while (!signal.aborted) {
      try {
        for await (const event of store.watch(clusterKey, signal)) {
          if (event.kind === "state") hear(event.entries.find(({ key }) => key === clusterKey));
          else if (event.kind === "put") hear(event.entry);
          pause.reset();
          trouble = undefined;
        }
      } catch (error) {
        // Those that are known stay in force.
        if (String(error) !== trouble) log.warn({ err: error }, "the cluster's settings cannot be read; trying again");
        trouble = String(error);
      }
      await delayUnlessAborted(pause.next(), signal);
    }
  };

  return {
    current: () => current,
    async read() {
      hear(await store.get(clusterKey));
    },
    ended: follow(),
  };
}
