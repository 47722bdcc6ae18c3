// How old a snapshot of the topology is: not since when it is as it is, but since when nobody has confirmed it. While the
// store is away one goes on with the last snapshot; this says how far it can be trusted.

export interface Freshness {
  /** The store has just confirmed the snapshot. */
  confirm(): void;
  /** Milliseconds since then; undefined: never. */
  ageMs(): number | undefined;
}

/** `now` is monotonic. */
export function freshness(now: () => number = () => performance.now()): Freshness {
  let confirmedAtMs: number | undefined;
  return {
    confirm() {
      confirmedAtMs = now();
    },
    ageMs() {
      return confirmedAtMs === undefined ? undefined : Math.round(now() - confirmedAtMs);
    },
  };
}
