// Who waits for whom, over all shards. The nodes are actors: what ends its locks in one piece. From what the shards tell
// about backends it is put together by knowing which backends belong to one actor.
import type { ShardName } from "../topology/snapshot.ts";
import { backendKey, type LockWait, waitKey } from "./lock-wait.ts";

export interface Backend {
  readonly shard: ShardName;
  readonly pid: number;
}

/**
 * A transaction with all its backends; or, of a statement outside of a transaction, the part on one shard (each part
 * ends by itself) with the backends that cannot end before that part does.
 */
export interface Actor {
  /** One run of one gateway. */
  readonly gateway: string;
  /** Counts the sessions of that run. */
  readonly session: number;
  /** "" for a transaction; else the shard of the part. */
  readonly part: string;
  /** When the transaction began, in milliseconds of the gateway's clock. */
  readonly startedAt: number;
  readonly backends: readonly Backend[];
  /** Its waits: while the shards still tell of one of them, the actor has not moved, so what is said here holds. */
  readonly waits: readonly Pick<LockWait, "shard" | "pid" | "since">[];
}

/** A backend of which no gateway has said whose it is: of a client that has gone to the shard itself, say. */
export interface Stranger {
  readonly stranger: Backend;
}

export type WaitNode = Actor | Stranger;

export interface WaitEdge {
  readonly from: string;
  readonly to: string;
  readonly wait: LockWait;
  /** Process id, on the shard of `wait`, of whom it waits for. */
  readonly blocker: number;
}

export interface WaitGraph {
  readonly nodes: ReadonlyMap<string, WaitNode>;
  /** By the node from which they lead. */
  readonly edges: ReadonlyMap<string, readonly WaitEdge[]>;
}

export function isActor(node: WaitNode | undefined): node is Actor {
  return node !== undefined && "session" in node;
}

export function actorKey({ gateway, session, part }: Actor): string {
  return `${gateway} ${session} ${part}`;
}

/** Actors none of whose waits is among `waits` are out of date, and left out. */
export function waitGraph(waits: readonly LockWait[], actors: readonly Actor[]): WaitGraph {
  const current = new Set(waits.map(waitKey));
  const nodes = new Map<string, WaitNode>();
  const owners = new Map<string, string[]>();
  for (const actor of actors) {
    if (!actor.waits.some((wait) => current.has(waitKey(wait)))) continue;
    const key = actorKey(actor);
    nodes.set(key, actor);
    for (const { shard, pid } of actor.backends) {
      const backend = backendKey(shard, pid);
      const known = owners.get(backend);
      if (known === undefined) owners.set(backend, [key]);
      else known.push(key);
    }
  }
  const ownersOf = (shard: ShardName, pid: number): readonly string[] => {
    const backend = backendKey(shard, pid);
    const known = owners.get(backend);
    if (known !== undefined) return known;
    const key = `stranger ${backend}`;
    nodes.set(key, { stranger: { shard, pid } });
    owners.set(backend, [key]);
    return [key];
  };

  const edges = new Map<string, WaitEdge[]>();
  for (const wait of waits) {
    for (const from of ownersOf(wait.shard, wait.pid)) {
      for (const blocker of new Set(wait.blockers)) {
        // A prepared transaction waits for nothing.
        if (blocker === 0) continue;
        for (const to of ownersOf(wait.shard, blocker)) {
          if (to === from) continue;
          const leaving = edges.get(from);
          const edge = { from, to, wait, blocker };
          if (leaving === undefined) edges.set(from, [edge]);
          else leaving.push(edge);
        }
      }
    }
  }
  return { nodes, edges };
}
