// What happens to a local cluster, as it is told to whoever started it.

export type ClusterEvent =
  | { readonly kind: "found"; readonly shards: readonly string[]; readonly postgres: string; readonly dataDir: string }
  /** `who` is the name of a shard, "gateway" or "controller". */
  | { readonly kind: "doing"; readonly who: string; readonly what: "initialising" | "starting" }
  | { readonly kind: "ready"; readonly who: string }
  /** It ended by itself and is started again. */
  | { readonly kind: "crashed"; readonly who: string; readonly reason: string }
  | { readonly kind: "resetting" }
  | { readonly kind: "stopping" };
