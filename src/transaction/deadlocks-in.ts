// Finds the deadlocks in a graph of waits: circles that lead over several shards. One that lies within a single shard is
// left to PostgreSQL, which sees it itself. All gateways that see the same graph come to the same result.
import { type Actor, isActor, type WaitEdge, type WaitGraph } from "./wait-graph.ts";

export interface Deadlock {
  /** The youngest transaction of the circle. */
  readonly victim: Actor;
  /** From the victim back to the victim, each node once. */
  readonly circle: readonly WaitEdge[];
}

/** Every circle over several shards has one of the victims in it, and every victim is the youngest of its circle. */
export function deadlocksIn(graph: WaitGraph): Deadlock[] {
  const edges = onCircles(graph.edges);
  const actors: { readonly key: string; readonly actor: Actor }[] = [];
  for (const key of edges.keys()) {
    const actor = graph.nodes.get(key);
    if (isActor(actor)) actors.push({ key, actor });
  }
  actors.sort((a, b) => youngestFirst(a.actor, b.actor));

  const deadlocks: Deadlock[] = [];
  for (const { key, actor } of actors) {
    const circle = circleThrough(key, edges);
    if (circle === undefined) continue;
    deadlocks.push({ victim: actor, circle });
    // It will be gone, and with it all other circles that it is part of.
    edges.delete(key);
  }
  return deadlocks;
}

function youngestFirst(a: Actor, b: Actor): number {
  if (a.startedAt !== b.startedAt) return b.startedAt - a.startedAt;
  if (a.gateway !== b.gateway) return a.gateway < b.gateway ? 1 : -1;
  if (a.session !== b.session) return b.session - a.session;
  return a.part < b.part ? 1 : -1;
}

/** The graph without the nodes that no edge leads to, or from, again and again until there are none. */
function onCircles(all: WaitGraph["edges"]): Map<string, readonly WaitEdge[]> {
  const arriving = new Map<string, WaitEdge[]>();
  const leavingCount = new Map<string, number>();
  const arrivingCount = new Map<string, number>();
  for (const [from, edges] of all) {
    leavingCount.set(from, edges.length);
    for (const edge of edges) {
      const present = arriving.get(edge.to);
      if (present === undefined) arriving.set(edge.to, [edge]);
      else present.push(edge);
    }
  }
  for (const [to, edges] of arriving) arrivingCount.set(to, edges.length);

  const gone = new Set<string>();
  const isDead = (node: string) => (leavingCount.get(node) ?? 0) === 0 || (arrivingCount.get(node) ?? 0) === 0;
  const work = [...new Set([...all.keys(), ...arriving.keys()])].filter(isDead);
  for (let node = work.pop(); node !== undefined; node = work.pop()) {
    if (gone.has(node)) continue;
    gone.add(node);
    for (const { to } of all.get(node) ?? []) lower(arrivingCount, to);
    for (const { from } of arriving.get(node) ?? []) lower(leavingCount, from);
  }

  function lower(counts: Map<string, number>, node: string): void {
    counts.set(node, (counts.get(node) ?? 0) - 1);
    if (isDead(node)) work.push(node);
  }

  const left = new Map<string, readonly WaitEdge[]>();
  for (const [from, edges] of all) {
    if (!gone.has(from))
      left.set(
        from,
        edges.filter(({ to }) => !gone.has(to)),
      );
  }
  return left;
}

/** A node as it was come to: over one shard only (its name), or over several ("*"). */
interface Step {
  readonly node: string;
  readonly over: string;
  readonly edge: WaitEdge | undefined;
  readonly before: Step | undefined;
}

/**
 * The shortest way from `start` back to it that leads over several shards; undefined when there is none, or when it comes
 * through another node twice: then that one has a circle of its own, without `start`.
 */
function circleThrough(start: string, edges: ReadonlyMap<string, readonly WaitEdge[]>): WaitEdge[] | undefined {
  const seen = new Set<string>();
  let steps: Step[] = [{ node: start, over: "", edge: undefined, before: undefined }];
  while (steps.length > 0) {
    const next: Step[] = [];
    for (const step of steps) {
      for (const edge of edges.get(step.node) ?? []) {
        const over = step.over === "" || step.over === edge.wait.shard ? edge.wait.shard : "*";
        const reached = { node: edge.to, over, edge, before: step };
        if (edge.to === start) {
          if (over === "*") return asCircle(reached);
          continue;
        }
        const key = `${over} ${edge.to}`;
        if (seen.has(key) || !edges.has(edge.to)) continue;
        seen.add(key);
        next.push(reached);
      }
    }
    steps = next;
  }
  return undefined;
}

function asCircle(last: Step): WaitEdge[] | undefined {
  const circle: WaitEdge[] = [];
  for (let step: Step | undefined = last; step?.edge !== undefined; step = step.before) circle.unshift(step.edge);
  const isSimple = new Set(circle.map(({ from }) => from)).size === circle.length;
  return isSimple ? circle : undefined;
}
