// What of one session waits for locks, as an actor in the graph of waits; and whether it has moved since.
import type { ServerConnection } from "../src/pgclient/server-connection.ts";
import { transactionStatus } from "../src/pgwire/message-type.ts";
import type { ShardName } from "../src/topology/snapshot.ts";
import { backendKey, type LockWait } from "../src/transaction/lock-wait.ts";
import type { Actor } from "../src/transaction/wait-graph.ts";
import type { Session } from "./session.ts";

export interface OwnActor {
  readonly actor: Actor;
  readonly session: Session;
  /** Of each of its connections how many answers, and how many bytes of unfinished ones, have come. */
  readonly progress: readonly number[];
}

export interface SessionBackend {
  readonly shard: ShardName;
  readonly connection: ServerConnection;
}

/**
 * Calls with each connection that the session holds; with some twice. Not those to standbys: there nobody waits for the lock of
 * another session, and process ids are those of another server.
 */
export function visitBackends(
  { transaction, active, reserved }: Session,
  visitOne: (shard: ShardName, connection: ServerConnection) => void,
): void {
  const visit = (shard: ShardName, connection: ServerConnection) => {
    if (connection.parameters.get("in_hot_standby") !== "on") visitOne(shard, connection);
  };
  for (const [shard, { lease }] of transaction.participants) visit(shard, lease.connection);
  for (const [connection, shard] of active) visit(shard, connection);
  for (const [shard, lease] of reserved) visit(shard, lease.connection);
}

/** The connections that the session holds, each once. */
export function backendsOf(session: Session): SessionBackend[] {
  const backends = new Map<ServerConnection, SessionBackend>();
  visitBackends(session, (shard, connection) => backends.set(connection, { shard, connection }));
  return [...backends.values()];
}

/**
 * `waits` by backend. In a transaction everything belongs together. Outside of one each shard's part of the statement
 * ends by itself, unless it cannot go on before the others: it is in a transaction of its own that the gateway will end
 * (none of its requests is in flight), or the gateway does not read it although the client takes what there is, because
 * rows of another shard come first. `startedAt`: when the statement was first seen, for a session without a transaction.
 */
export function waitingActors(
  gateway: string,
  session: Session,
  waits: ReadonlyMap<string, LockWait>,
  startedAt: (connection: ServerConnection) => number,
): OwnActor[] {
  const { transaction, reserved, client } = session;
  const backends = backendsOf(session);
  const waiting = backends.filter(
    ({ shard, connection }) => connection.inFlight > 0 && waits.has(backendKey(shard, connection.processId)),
  );
  if (waiting.length === 0) return [];

  const actor = (part: string, began: number, own: readonly SessionBackend[], stuck: readonly SessionBackend[]) => ({
    actor: {
      gateway,
      session: session.number,
      part,
      startedAt: began,
      backends: own.map(({ shard, connection }) => ({ shard, pid: connection.processId })),
      waits: stuck.map(({ shard, connection }) => {
        const { pid, since } = waits.get(backendKey(shard, connection.processId))!;
        return { shard, pid, since };
      }),
    },
    session,
    progress: own.flatMap(({ connection }) => [connection.answered, connection.pausedAt ?? -1]),
  });

  if (transaction.status !== "idle") return [actor("", transaction.startedAt, backends, waiting)];
  const kept = new Set([...reserved.values()].map(({ connection }) => connection));
  const stuckWith = backends.filter(
    ({ connection }) =>
      kept.has(connection) ||
      (connection.inFlight === 0 && connection.status !== transactionStatus.idle) ||
      (connection.pausedAt !== undefined && client.pendingBytes === 0),
  );
  return waiting.map((part) =>
    actor(
      part.shard,
      startedAt(part.connection),
      [part, ...stuckWith.filter((other) => !waiting.includes(other))],
      [part],
    ),
  );
}

/** `now` is `before`, and nothing of it has moved. */
export function hasNotMoved(before: OwnActor, now: OwnActor | undefined): boolean {
  return (
    now !== undefined &&
    now.session === before.session &&
    now.actor.startedAt === before.actor.startedAt &&
    JSON.stringify(now.actor.backends) === JSON.stringify(before.actor.backends) &&
    JSON.stringify(now.progress) === JSON.stringify(before.progress)
  );
}
