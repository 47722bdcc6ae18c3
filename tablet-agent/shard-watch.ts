// The document of this tablet's shard, as it was last heard of. A watch brings every change; what it brings may be old, and
// is never older than what it brought before.
import { backoff } from "../src/base/backoff.ts";
import { delayUnlessAborted } from "../src/base/delay.ts";
import type { Log } from "../src/base/log.ts";
import type { ReadShard } from "../src/topology/change-shard.ts";
import { shardKeyInStore } from "../src/topology/documents.ts";
import { freshness } from "../src/topology/freshness.ts";
import { readShard } from "../src/topology/shard-document.ts";
import type { ShardName } from "../src/topology/snapshot.ts";
import type { Entry, TopologyStore } from "../src/topology/store.ts";

export interface ShardWatch {
  /** undefined: nothing has been heard yet. */
  current(): ReadShard | undefined;
  /**
   * What this agent itself has written, or read, by or after `before`, which was current then. When something else is current
   * by now, the watch has brought what it was, or what came after it.
   */
  wrote(shard: ReadShard, before: ReadShard | undefined): void;
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
  /** Versions that a watch may still bring although they have been replaced by what this agent wrote. */
  const replaced = new Set<string>();

  const hear = (entry: Entry | undefined) => {
    fresh.confirm();
    if (entry === undefined || replaced.has(entry.version)) return;
    replaced.clear();
    if (entry.version === current?.version) return;
    current = { shard: readShard(key, entry.value), version: entry.version };
    onChange();
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
          if (event.kind === "state") hear(event.entries.find((entry) => entry.key === key));
          else if (event.kind === "put" && event.entry.key === key) hear(event.entry);
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
    wrote(written, before) {
      fresh.confirm();
      if (current?.version !== before?.version || current?.version === written.version) return;
      if (current) replaced.add(current.version);
      current = written;
      onChange();
    },
    ageMs: fresh.ageMs,
    ended: follow(),
  };
}
