// What happens to a local cluster, as it is told to whoever started it.

export type ClusterEvent =
  | {
      readonly kind: "found";
      readonly shards: readonly string[];
      /** As `who` below. */
      readonly tablets: readonly string[];
      readonly postgres: string;
      readonly dataDir: string;
    }
  /** `who` is the name of a tablet (of its shard, when that has no other), "gateway" or "controller". */
  | { readonly kind: "doing"; readonly who: string; readonly what: "initialising" | "cloning" | "starting" }
  | { readonly kind: "ready"; readonly who: string }
  /** It ended by itself and is started again. */
  | { readonly kind: "crashed"; readonly who: string; readonly reason: string }
  /** It has taken over its shard. */
  | { readonly kind: "primary"; readonly who: string; readonly term: number; readonly reason: string }
  /** It goes on, and is tried again. */
  | { readonly kind: "trouble"; readonly who: string; readonly reason: string }
  | { readonly kind: "resetting" }
  | { readonly kind: "stopping" };
