// Where the cases are played: a transaction, faults at some of its messages, recovery, and what must hold afterwards.
import type pg from "pg";
import { runAll } from "../support/cluster-clients.ts";
import { asText, attempt, type Outcome } from "./attempt.ts";
import { type CommitShape, MarkTables, runShape } from "./commit-shapes.ts";
import { FaultCluster } from "./fault-cluster.ts";
import { asLine, MessageWatch, type PlannedStrike, type SeenMessage, type Strike } from "./message-watch.ts";
import { ResolverLoop } from "./resolver-loop.ts";
import { within } from "./within.ts";

export interface CaseReport {
  readonly outcome: Outcome;
  readonly isCommitted: boolean;
  /** From the last fault until all shards agree and nothing is prepared. */
  readonly recoveredMs: number;
  /** From the last fault until the gateway has committed another transaction over all shards. */
  readonly servingMs: number;
  /** All that were seen, and those of them that came after the first fault. */
  readonly seen: readonly SeenMessage[];
  readonly seenAfter: readonly SeenMessage[];
}

const attemptLimitMs = 30_000;
const recoveryLimitMs = 15_000;

export class FaultStage {
  readonly cluster: FaultCluster;
  readonly tables: MarkTables;
  #mark = 0;

  static async start(): Promise<FaultStage> {
    const cluster = await FaultCluster.start(3);
    try {
      return new FaultStage(cluster, await MarkTables.make(cluster));
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  private constructor(cluster: FaultCluster, tables: MarkTables) {
    this.cluster = cluster;
    this.tables = tables;
  }

  stop(): Promise<void> {
    return this.cluster.stop();
  }

  /** The messages of the transaction's commit when nothing goes wrong. */
  async record(shape: CommitShape): Promise<readonly SeenMessage[]> {
    const mark = ++this.#mark;
    const client = await this.cluster.connect();
    const watch = new MessageWatch(this.cluster, []);
    try {
      const outcome = await attempt(() => runShape(client, shape, mark, this.tables));
      const code = outcome.kind === "error" ? outcome.code : undefined;
      if (outcome.kind === "lost" || code !== shape.refused) throw new Error(`without a fault: ${asText(outcome)}`);
      await this.#settled([]);
      await this.#isCommitted(shape, mark, outcome);
    } finally {
      watch.end();
      await client.end();
    }
    return watch.seen;
  }

  /**
   * Throws an error that says what does not hold. A fault that wants a resolver gets one at the moment when it strikes;
   * `resolverIsWatched`: it goes through the proxies as well.
   */
  async play(shape: CommitShape, planned: readonly PlannedStrike[], resolverIsWatched = false): Promise<CaseReport> {
    const { cluster } = this;
    const mark = ++this.#mark;
    const client = await cluster.connect();
    let resolver: ResolverLoop | undefined;
    const watch = new MessageWatch(cluster, planned, ({ fault }) => {
      if (!fault.resolver) return;
      const topology = resolverIsWatched ? cluster.proxiedTopology : cluster.topology;
      resolver ??= new ResolverLoop(topology, cluster.cluster.adminPassword);
    });
    try {
      const outcome = await within(attemptLimitMs, "an answer to the client", () =>
        attempt(() => runShape(client, shape, mark, this.tables)),
      );
      await this.#recovered(watch, planned, outcome);
      const [first] = watch.strikes;
      const last = watch.strikes.at(-1)!;
      const recoveredMs = performance.now() - last.atMs;
      const isCommitted = await this.#isCommitted(shape, mark, outcome);
      await within(recoveryLimitMs, "a gateway that serves", () => this.#serves(client));
      const servingMs = performance.now() - last.atMs;
      const seen = [...watch.seen];
      return { outcome, isCommitted, recoveredMs, servingMs, seen, seenAfter: seen.slice(first!.seen) };
    } finally {
      watch.end();
      await resolver?.stop();
      await client.end().catch(() => {});
    }
  }

  /** The client has its answer: what was killed is started again, and everything comes to rest. */
  async #recovered({ strikes }: MessageWatch, planned: readonly PlannedStrike[], outcome: Outcome): Promise<void> {
    for (let over = 0; over < strikes.length; over++) {
      await strikes[over]!.over;
      if (!this.cluster.gatewayRuns) await this.cluster.startGateway();
      await this.#settled(strikes);
    }
    if (strikes.length < planned.length) {
      const missing = planned.filter(({ place }) => !strikes.some((strike) => strike.place === place));
      const places = missing.map(({ place }) => asLine(place)).join(", ");
      throw new Error(`no such message: ${places}; the client was told: ${asText(outcome)}`);
    }
  }

  /**
   * Resolves when nothing can change any more: who served a connection that is cut is gone, nobody is in a transaction,
   * and nothing is prepared.
   */
  async #settled(strikes: readonly Strike[]): Promise<void> {
    const { cluster } = this;
    await within(recoveryLimitMs, "all shards to come to rest", async () => {
      const cut = strikes
        .flatMap(({ connections }) => connections)
        .filter(({ shard, connection }) => !cluster.proxies.get(shard)!.connections.has(connection));
      const busy = await this.#onShards((shard) => {
        const pids = cut.filter((one) => one.shard === shard).map(({ connection }) => connection.backendPid ?? 0);
        return [busySql, [pids]];
      });
      if (busy.length > 0) throw new Error(`still busy: ${busy.join("; ")}`);
      const prepared = await this.#onShards(() => ["select gid from pg_prepared_xacts"]);
      if (prepared.length > 0) throw new Error(`still prepared: ${prepared.join(", ")}`);
    });
  }

  /** Whether it is: checked to be so on all shards or on none, and as the client was told. */
  async #isCommitted(shape: CommitShape, mark: number, outcome: Outcome): Promise<boolean> {
    const counts = await Promise.all(
      shape.writesOn.map(async (shard) => {
        const [count] = await this.cluster.sessions.ask(this.tables.nameOf(shard), shape.isThereSql(mark));
        return count;
      }),
    );
    const there = counts.filter((count) => count === "1").length;
    const found = `found on ${there} of ${counts.length} shards; the client was told: ${asText(outcome)}`;
    if (there !== 0 && there !== counts.length) throw new Error(`half of a transaction: ${found}`);
    const isUnknown = outcome.kind === "lost" || (outcome.kind === "error" && outcome.code === "08007");
    if (!isUnknown && (outcome.kind === "committed") !== there > 0) throw new Error(`told what is not so: ${found}`);
    if (shape.refused !== undefined && there > 0) throw new Error(`committed what a shard has refused: ${found}`);
    return there > 0;
  }

  /** The client's own session goes on where it lives; otherwise a new one does. */
  async #serves(client: pg.Client): Promise<void> {
    const isAlive = await client.query("rollback").then(
      () => true,
      () => false,
    );
    const session = isAlive ? client : await this.cluster.connect();
    try {
      const rows = "insert into mark select n, -1 from generate_series(1, 60) n";
      await runAll(session, "begin", rows, "delete from mark where run = -1", "commit");
    } finally {
      if (!isAlive) await session.end();
    }
  }

  async #onShards(question: (shard: string) => [sql: string, values?: readonly unknown[]]): Promise<string[]> {
    const { shards, sessions } = this.cluster;
    const answers = await Promise.allSettled(shards.map((shard) => sessions.ask(shard, ...question(shard))));
    return answers.flatMap((answer) => {
      if (answer.status === "rejected") throw answer.reason;
      return answer.value;
    });
  }
}

/** Who is in a transaction, or has served one of the connections of $1, which were cut. */
const busySql = `
  select pid, application_name, state, left(query, 60) from pg_stat_activity
  where backend_type = 'client backend' and pid <> pg_backend_pid()
    and (xact_start is not null or pid = any($1) and usename = 'postgres')`;
