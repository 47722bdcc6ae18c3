// Cycles of dependencies, by kind. One cycle is named for each edge that closes one, the shortest there is; a cycle of a
// worse kind is not named again as one of a milder kind.
import type { Anomaly, AnomalyKind } from "./anomaly.ts";
import { type Dependencies, type Edge, type EdgeKind, textOfCycle } from "./dependencies.ts";
import { strongComponents } from "./strong-components.ts";

export function findCycles(graph: Dependencies): Anomaly[] {
  const named = new Set<string>();
  const anomalies: Anomaly[] = [];
  const name = (kind: AnomalyKind, cycles: readonly (readonly Edge[])[]) => {
    for (const cycle of cycles) {
      const ids = cycle.map(({ from }) => graph.nodes[from]!.id);
      const members = [...ids].sort((a, b) => a - b).join(" ");
      if (named.has(members)) continue;
      named.add(members);
      anomalies.push({ kind, transactions: ids, text: textOfCycle(graph, cycle) });
    }
  };
  name("G0", cyclesThrough(graph, "ww", ["ww", "rt"]));
  name("G1c", cyclesThrough(graph, "wr", ["ww", "wr", "rt"]));
  name("G-single", cyclesThrough(graph, "rw", ["ww", "wr"]));
  name("long fork", longForks(graph));
  name("G2-item", cyclesThrough(graph, "rw", ["ww", "wr", "rw"]));
  return anomalies;
}

/** For every edge of one kind that lies on a cycle otherwise made of `others`: the shortest such cycle. */
function cyclesThrough({ edges }: Dependencies, kind: EdgeKind, others: readonly EdgeKind[]): Edge[][] {
  const usable = edges.map((leaving) => leaving.filter((edge) => others.includes(edge.kind)));
  // Every edge of `usable` leads to the same or a smaller component, so a way back exists only in that direction.
  const component = strongComponents(usable.map((leaving) => leaving.map(({ to }) => to)));
  return edges
    .flatMap((leaving) => leaving.filter((edge) => edge.kind === kind))
    .filter(({ from, to }) => component[to]! >= component[from]!)
    .flatMap((edge) => {
      const back = shortestWay(edge.to, edge.from, usable, (node) => component[node]! >= component[edge.from]!);
      return back === undefined ? [] : [[edge, ...back]];
    });
}

function shortestWay(
  from: number,
  to: number,
  edges: readonly (readonly Edge[])[],
  isUseful: (node: number) => boolean,
): Edge[] | undefined {
  const reachedBy = new Map<number, Edge | undefined>([[from, undefined]]);
  const queue = [from];
  for (const node of queue) {
    if (node === to) {
      const way: Edge[] = [];
      for (let edge = reachedBy.get(to); edge !== undefined; edge = reachedBy.get(edge.from)) way.unshift(edge);
      return way;
    }
    for (const edge of edges[node]!) {
      if (reachedBy.has(edge.to) || !isUseful(edge.to)) continue;
      reachedBy.set(edge.to, edge);
      queue.push(edge.to);
    }
  }
  return undefined;
}

/** rw, dependency, rw, dependency: two readers, two writers, and no order of the writers that both readers agree with. */
function longForks({ edges }: Dependencies): Edge[][] {
  const rw = edges.map((leaving) => leaving.filter(({ kind }) => kind === "rw"));
  const dependency = edges.map((leaving) => leaving.filter(({ kind }) => kind === "ww" || kind === "wr"));
  return rw.flat().flatMap((first) =>
    dependency[first.to]!.flatMap((second) =>
      rw[second.to]!.flatMap((third) =>
        dependency[third.to]!.flatMap((fourth) => {
          const isCycle = fourth.to === first.from && new Set([first.from, first.to, second.to, third.to]).size === 4;
          return isCycle ? [[first, second, third, fourth]] : [];
        }),
      ),
    ),
  );
}
