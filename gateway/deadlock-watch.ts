// Finds the deadlocks over several shards in which sessions of this gateway take part.
//
// sweep   ten times a second: has a session waited for one answer longer than deadlock_timeout? Costs nearly nothing.
// look    if so: what locks do the shards see it wait for, and who else waits? Other gateways are told, and asked.
// check   a circle is looked at once more. What waits in both looks for the same lock has waited all the time between
//         them, so in that time the whole circle was closed, and it can never open by itself: no false positives.
// cancel  the youngest transaction of the circle, by its own gateway, which tells its client 40P01.
import { randomUUID } from "node:crypto";
import type { Log } from "../src/base/log.ts";
import type { ServerConnection } from "../src/pgclient/server-connection.ts";
import type { AdminConnections } from "../src/pool/admin-connections.ts";
import { KeptConnections } from "../src/pool/kept-connections.ts";
import { normalize } from "../src/sql/normalize.ts";
import type { ShardName, Topology } from "../src/topology/snapshot.ts";
import { DeadlockDetected, deadlockDetail } from "../src/transaction/deadlock-error.ts";
import { type Deadlock, deadlocksIn } from "../src/transaction/deadlocks-in.ts";
import {
  backendKey,
  type LockWait,
  type LockWaitRow,
  lockWaitOf,
  lockWaitsSql,
  waitKey,
} from "../src/transaction/lock-wait.ts";
import { actorKey, isActor, waitGraph } from "../src/transaction/wait-graph.ts";
import { PublishedWaits } from "./published-waits.ts";
import type { Session } from "./session.ts";
import { backendsOf, hasNotMoved, type OwnActor, visitBackends, waitingActors } from "./waiting-actors.ts";

const sweepMs = 100;
/** From the beginning of one look to that of the next. */
const lookMs = 200;
const answerTimeoutMs = 1_000;
/** The setting is read this often, while anybody waits. */
const settingMs = 2_000;
/** How long, after deadlock_timeout, another gateway may take to tell whose a stranger's backend is. */
const strangerMs = 600;

const settingSql = `select extract(epoch from current_setting('deadlock_timeout')::interval)::float8 * 1000 as ms`;

interface Sighting {
  answered: number;
  sinceMs: number;
}

/** What one look has seen: the waits of each shard that has answered. */
type Look = Map<ShardName, readonly LockWait[]>;

export class DeadlockWatch {
  readonly sessions = new Set<Session>();
  readonly #gateway: string;
  readonly #topology: () => Topology;
  readonly #log: Log;
  readonly #connections: KeptConnections;
  readonly #published: PublishedWaits;
  readonly #timer: NodeJS.Timeout;
  /** Requests that were unanswered at the last sweep. */
  readonly #sightings = new WeakMap<ServerConnection, Sighting>();
  /** Circles with strangers in them, and when they were first seen. */
  #strange = new Map<string, number>();
  #timeoutMs = 1_000;
  #timeoutReadMs = Number.NEGATIVE_INFINITY;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #isLooking = false;

  /** `name` tells this gateway from others, for the eyes of people. */
  constructor(name: string, topology: () => Topology, admin: AdminConnections, log: Log) {
    this.#gateway = `${name} ${randomUUID()}`;
    this.#topology = topology;
    this.#log = log;
    this.#connections = new KeptConnections(admin, topology, answerTimeoutMs);
    this.#published = new PublishedWaits(this.#gateway, this.#connections, topology);
    this.#timer = setInterval(() => this.#sweep(), sweepMs);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#connections.close();
  }

  #sweep(): void {
    const now = performance.now();
    let isAnyoneWaiting = false;
    let longestMs = 0;
    const see = (_shard: ShardName, connection: ServerConnection) => {
      if (connection.inFlight > 0) longestMs = Math.max(longestMs, this.#sight(connection, now));
    };
    const late: Session[] = [];
    for (const session of this.sessions) {
      if (!session.isBusy) continue;
      longestMs = 0;
      visitBackends(session, see);
      if (longestMs > 0) isAnyoneWaiting = true;
      if (longestMs > 0 && longestMs >= this.#timeoutMs) late.push(session);
    }
    if (isAnyoneWaiting && now - this.#timeoutReadMs > settingMs) {
      this.#timeoutReadMs = now;
      void this.#readTimeout();
    }
    if (this.#isLooking || now - this.#lookedMs < lookMs) return;
    this.#isLooking = true;
    this.#lookedMs = now;
    this.#look(late)
      .catch((error: unknown) => this.#log.warn({ err: error }, "no look for deadlocks; trying again"))
      .finally(() => {
        this.#isLooking = false;
      });
  }

  /** For how long the request that is being answered has been seen. */
  #sight(connection: ServerConnection, now: number): number {
    const { answered } = connection;
    const known = this.#sightings.get(connection);
    if (known === undefined) {
      this.#sightings.set(connection, { answered, sinceMs: now });
      return 0;
    }
    if (known.answered === answered) return now - known.sinceMs;
    known.answered = answered;
    known.sinceMs = now;
    return 0;
  }

  async #readTimeout(): Promise<void> {
    try {
      const [row] = await this.#connections.query<{ ms: number }>(this.#topology().home, settingSql);
      if (row !== undefined) this.#timeoutMs = row.ms;
    } catch (error) {
      this.#log.warn({ err: error }, "deadlock_timeout not read; going on with the last value");
    }
  }

  /** `late`: sessions that have waited too long. */
  async #look(late: readonly Session[]): Promise<void> {
    if (late.length === 0) {
      this.#strange.clear();
      return this.#published.withdraw();
    }
    const look: Look = new Map();
    await this.#ask(look, new Set(late.flatMap((session) => backendsOf(session).map(({ shard }) => shard))));
    let own = this.#ownActors(look);
    if (own.size === 0) {
      this.#strange.clear();
      return this.#published.withdraw();
    }
    const others = await this.#published.exchange([...own.values()].map(({ actor }) => actor));
    const all = [...[...own.values()].map(({ actor }) => actor), ...others];
    await this.#ask(look, new Set(all.flatMap(({ backends }) => backends.map(({ shard }) => shard))));
    own = this.#ownActors(look);
    const graph = waitGraph([...look.values()].flat(), [...[...own.values()].map(({ actor }) => actor), ...others]);
    const strange = new Map<string, number>();
    for (const deadlock of deadlocksIn(graph)) {
      const isKnown = deadlock.circle.every(({ from }) => isActor(graph.nodes.get(from)));
      if (!isKnown && !this.#isRipe(deadlock, strange)) continue;
      if (deadlock.victim.gateway === this.#gateway) await this.#check(deadlock, own);
    }
    this.#strange = strange;
  }

  /** A circle with strangers in it: has there been time to hear of them? */
  #isRipe({ circle }: Deadlock, strange: Map<string, number>): boolean {
    const now = performance.now();
    const key = circle
      .map(({ wait }) => waitKey(wait))
      .sort()
      .join(", ");
    const since = this.#strange.get(key) ?? now;
    strange.set(key, since);
    return now - since > this.#timeoutMs + strangerMs;
  }

  /** Looks at the circle once more; if it is still the same, its victim gives way. */
  async #check(deadlock: Deadlock, before: ReadonlyMap<string, OwnActor>): Promise<void> {
    const { circle, victim } = deadlock;
    const look: Look = new Map();
    await this.#ask(look, new Set(circle.map(({ wait }) => wait.shard)));
    const waits = new Map([...look.values()].flat().map((wait) => [waitKey(wait), wait]));
    if (!circle.every(({ wait, blocker }) => waits.get(waitKey(wait))?.blockers.includes(blocker) === true)) return;
    const now = this.#ownActors(look);
    for (const { from } of circle) {
      const actor = before.get(from);
      if (actor !== undefined && !hasNotMoved(actor, now.get(from))) return;
    }
    const detail = deadlockDetail(deadlock);
    const statements = circle.flatMap(({ from, wait }) => {
      const text = before.get(from)?.session.runningText;
      return text === undefined ? [] : [{ shard: wait.shard, process: wait.pid, shape: normalize(text)?.key }];
    });
    this.#log.info({ detail: detail.split("\n"), statements }, "deadlock detected");
    // Also where its client alone may stop it: it waits for a lock, so nothing of it is decided.
    now.get(actorKey(victim))!.session.interrupt(new DeadlockDetected(detail), true);
  }

  /** Adds what these shards have to tell, unless they are in `look` already. One that does not answer is left out. */
  async #ask(look: Look, shards: ReadonlySet<ShardName>): Promise<void> {
    await Promise.all(
      [...shards].map(async (shard) => {
        if (look.has(shard)) return;
        try {
          const rows = await this.#connections.query<LockWaitRow>(shard, lockWaitsSql);
          look.set(
            shard,
            rows.map((row) => lockWaitOf(shard, row)),
          );
        } catch (error) {
          this.#log.warn({ err: error, shard }, "a shard does not tell who waits");
        }
      }),
    );
  }

  /** By their keys. */
  #ownActors(look: Look): Map<string, OwnActor> {
    const waits = new Map<string, LockWait>();
    for (const wait of [...look.values()].flat()) waits.set(backendKey(wait.shard, wait.pid), wait);
    const actors = new Map<string, OwnActor>();
    if (waits.size === 0) return actors;
    const startedAt = (connection: ServerConnection) =>
      performance.timeOrigin + (this.#sightings.get(connection)?.sinceMs ?? performance.now());
    for (const session of this.sessions) {
      if (!session.isBusy) continue;
      for (const own of waitingActors(this.#gateway, session, waits, startedAt)) actors.set(actorKey(own.actor), own);
    }
    return actors;
  }
}
