// A failing history with as few faults as still make it fail: whole stretches are left out first, then single ones.
import { type History, runHistory } from "./run-history.ts";
import type { Mutation } from "./world.ts";

export function shrink(failing: History, mutation: Mutation): History {
  let best = failing;
  for (let size = Math.max(1, best.faults.length >> 1); size >= 1; size >>= 1) {
    for (let at = 0; at < best.faults.length; ) {
      const fewer = [...best.faults.slice(0, at), ...best.faults.slice(at + size)];
      const tried = runHistory(best.seed, mutation, fewer);
      if (tried.violation === undefined) at += size;
      else best = tried;
    }
  }
  return best;
}

export function describeHistory({ seed, faults, violation }: History): string {
  const lines = faults.map(({ atMs, forMs, kind, tablet, other }) => {
    const where =
      kind === "store-away" || kind === "loss" ? "" : kind === "cut-one-way" ? ` ${tablet}>${other}` : ` ${tablet}`;
    return `  ${atMs} ms: ${kind}${where} for ${forMs} ms`;
  });
  return [`seed ${seed}: ${violation ?? "nothing is violated"}`, ...lines].join("\n");
}
