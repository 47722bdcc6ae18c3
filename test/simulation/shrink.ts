// A failing history with so few faults that none of them can be left out: stretches are tried first, then single ones.
import { type History, runHistory } from "./run-history.ts";
import type { Mutation } from "./world.ts";

export function shrink(failing: History, mutation: Mutation): History {
  let best = failing;
  let size = Math.max(1, best.faults.length >> 1);
  for (;;) {
    const fewer = withoutStretches(best, size, mutation);
    if (size === 1 && fewer === best) return best;
    best = fewer;
    size = Math.max(1, size >> 1);
  }
}

function withoutStretches(failing: History, size: number, mutation: Mutation): History {
  let best = failing;
  for (let at = 0; at < best.faults.length; ) {
    const tried = runHistory(best.seed, { mutation, faults: best.faults.toSpliced(at, size) });
    if (tried.violation === undefined) at += size;
    else best = tried;
  }
  return best;
}

export function describeHistory({ seed, faults, violation }: History): string {
  const lines = faults.map(({ atMs, moment, afterMs, forMs, kind, tablet, other, isDeaf, policy }) => {
    const cut = isDeaf ? `${other}>${tablet}` : `${tablet}>${other}`;
    const places = {
      "store-away": "",
      loss: "",
      "cut-one-way": ` ${cut}`,
      "switch-over": ` to ${other}`,
      "set-policy": ` ${policy}`,
    } as const;
    const where = kind in places ? places[kind as keyof typeof places] : ` ${tablet}`;
    const when = moment ? `${atMs} ms, ${afterMs} ms after ${moment}` : `${atMs} ms`;
    return `  ${when}: ${kind}${where} for ${forMs} ms`;
  });
  return [`seed ${seed}: ${violation ?? "nothing is violated"}`, ...lines].join("\n");
}
