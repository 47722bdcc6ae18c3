// The document of this tablet's shard, as it was last heard of: by a watch, which may bring what is old by then, or as this
// agent has read or written it itself. It never goes back: a cohort that has been replaced must not be put in force again.
import { backoff } from "../src/base/backoff.ts";
import { delayUnlessAborted } from "../src/base/delay.ts";
import type { Log } from "../src/base/log.ts";
import type { ReadShard } from "../src/topology/change-shard.ts";
import { shardKeyInStore } from "../src/topology/documents.ts";
import { freshness } from "../src/topology/freshness.ts";
import { readShard } from "../src/topology/shard-document.ts";
import type { Shard, ShardName } from "../src/topology/snapshot.ts";
import { type Entry, isNewer, type TopologyStore } from "../src/topology/store.ts";

export interface ShardWatch {
  /** undefined: nothing has been heard yet. */
  current(): ReadShard | undefined;
  /** What this agent itself has written, or read. */
  heard(shard: ReadShard): void;
  /** Milliseconds since the store has last confirmed it; undefined: never. */
  ageMs(): number | undefined;
  /** Resolves after the signal is aborted. */
  readonly ended: Promise<void>;
}

export interface ShardWatchOptions {
  readonly store: TopologyStore;
  readonly shard: ShardName;
  readonly onChange: () => void;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export function watchShard({ store, shard, onChange, log, signal }: ShardWatchOptions): ShardWatch {
  const key = shardKeyInStore(shard);
  const fresh = freshness();
  let current: ReadShard | undefined;

  const hear = (version: string, read: () => Shard) => {
    fresh.confirm();
    if (current && !isNewer(version, current.version)) return;
    current = { shard: read(), version };
    onChange();
  };
  const hearEntry = (entry: Entry | undefined) => {
    if (entry) hear(entry.version, () => readShard(key, entry.value));
    else fresh.confirm();
  };

  const follow = async () => {
    const pause = backoff({ maxMs: 1_000 });
    let trouble: string | undefined;
    const tell = (error: unknown) => {
      const reason = String(error);
      if (reason !== trouble)
        log.warn({ err: error, ageMs: fresh.ageMs() }, "the topology cannot be watched; trying again");
      trouble = reason;
    };
    while (!signal.aborted) {
      try {
        for await (const event of store.watch(key, signal)) {
          if (event.kind === "state") hearEntry(event.entries.find((entry) => entry.key === key));
          else if (event.kind === "put" && event.entry.key === key) hearEntry(event.entry);
          else if (event.kind === "current") fresh.confirm();
          else if (event.kind === "interrupted") {
            tell(event.reason);
            continue;
          }
          pause.reset();
          trouble = undefined;
        }
      } catch (error) {
        tell(error);
      }
      await delayUnlessAborted(pause.next(), signal);
    }
  };

  return {
    current: () => current,
    heard: ({ shard, version }) => hear(version, () => shard),
    ageMs: fresh.ageMs,
    ended: follow(),
  };
}
