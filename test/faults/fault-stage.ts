// Where the cases are played: a transaction, faults at some of its messages, recovery, and what must hold afterwards.
import type pg from "pg";
import type { NoticeMessage } from "pg-protocol/dist/messages.js";
import { rowsOf, runAll } from "../support/cluster-clients.ts";
import { asText, attempt, type Outcome } from "./attempt.ts";
import { comeToRest, recoveryLimitMs } from "./come-to-rest.ts";
import { type CommitShape, MarkTables, runShape } from "./commit-shapes.ts";
import { FaultCluster } from "./fault-cluster.ts";
import { asLine, MessageWatch, type PlannedStrike, type SeenMessage } from "./message-watch.ts";
import { ResolverLoop } from "./resolver-loop.ts";
import { promptly, within } from "./within.ts";

export interface CaseReport {
  readonly outcome: Outcome;
  readonly isCommitted: boolean;
  /** From the first fault until the client had its answer, and what it heard besides. */
  readonly answeredMs: number;
  readonly notices: readonly NoticeMessage[];
  /** From the last fault until all shards agree and nothing is prepared. */
  readonly recoveredMs: number;
  /** From the last fault until the gateway has committed another transaction over all shards. */
  readonly servingMs: number;
  /** What came after the first fault, until all was at rest. */
  readonly seenAfter: readonly SeenMessage[];
}

/** A client waits for a decision for some seconds before it is told that nobody knows. */
const attemptLimitMs = 30_000;
/** The last message that a fault waits for may come a moment after everything is at rest. */
const strikeLimitMs = 2_000;

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
    for (;;) {
      const seen = await this.#record(shape);
      // A COMMIT PREPARED that fails is that of an earlier case, which somebody else has ended meanwhile.
      if (!seen.some(({ message: { step, type } }) => step === "commit-prepared" && type === "E")) return seen;
    }
  }

  async #record(shape: CommitShape): Promise<readonly SeenMessage[]> {
    const mark = ++this.#mark;
    const client = await this.cluster.connect();
    const watch = new MessageWatch(this.cluster, []);
    try {
      const outcome = await attempt(() => runShape(client, shape, mark, this.tables));
      const code = outcome.kind === "error" ? outcome.code : undefined;
      if (outcome.kind === "lost" || code !== shape.refused) throw new Error(`without a fault: ${asText(outcome)}`);
      await comeToRest(this.cluster);
      await this.#isCommitted(shape, mark, outcome);
    } finally {
      watch.end();
      await client.end();
    }
    return watch.seen;
  }

  /**
   * Throws an error that says what does not hold. A fault that wants a resolver gets one at the moment when it strikes.
   */
  async play(shape: CommitShape, planned: readonly PlannedStrike[]): Promise<CaseReport> {
    const { cluster } = this;
    const mark = ++this.#mark;
    const client = await cluster.connect();
    const notices: NoticeMessage[] = [];
    client.on("notice", (notice) => notices.push(notice));
    let resolver: ResolverLoop | undefined;
    const watch = new MessageWatch(cluster, planned, ({ fault }) => {
      if (fault.resolver) resolver ??= new ResolverLoop(cluster.topology, cluster.cluster.adminPassword);
    });
    try {
      const attempted = attempt(() => runShape(client, shape, mark, this.tables));
      const outcome = await promptly(attemptLimitMs, "an answer to the client", attempted);
      const answeredAt = performance.now();
      const heard = [...notices];
      await this.#recover(watch, outcome);
      const [first, last] = [watch.strikes[0]!, watch.strikes.at(-1)!];
      const recoveredMs = performance.now() - last.atMs;
      const seenAfter = watch.seen.slice(first.seen);
      const isCommitted = await this.#isCommitted(shape, mark, outcome);
      await within(recoveryLimitMs, "a gateway that serves", () => this.#serves(client));
      const servingMs = performance.now() - last.atMs;
      if (outcome.kind === "error" && outcome.gid !== undefined) await this.#statusIs(outcome.gid, isCommitted);
      const answer = { outcome, isCommitted, answeredMs: answeredAt - first.atMs, notices: heard };
      return { ...answer, recoveredMs, servingMs, seenAfter };
    } finally {
      watch.end();
      await resolver?.stop();
      await client.end().catch(() => {});
    }
  }

  /** The client has its answer: what was killed is started again, and everything comes to rest. */
  async #recover(watch: MessageWatch, outcome: Outcome): Promise<void> {
    for (let over = 0; over < watch.strikes.length || watch.missing().length > 0; over++) {
      await within(strikeLimitMs, `${asText(outcome)} to the client, and no such message`, async () => {
        if (over >= watch.strikes.length)
          throw new Error(
            watch
              .missing()
              .map(({ place }) => asLine(place))
              .join(", "),
          );
      });
      await watch.strikes[over]!.over;
      if (!this.cluster.gatewayRuns) await this.cluster.startGateway();
      await comeToRest(this.cluster, watch.strikes);
    }
  }

  /** Whoever was told that nobody knows can ask later. */
  async #statusIs(gid: string, isCommitted: boolean): Promise<void> {
    const client = await this.cluster.connect();
    try {
      const [status] = await rowsOf(client, "select shardgres.transaction_status($1)", [gid]);
      const isRight = status === (isCommitted ? "committed" : "aborted");
      if (!isRight) throw new Error(`transaction_status says "${status}" of what is ${isCommitted ? "" : "not "}there`);
    } finally {
      await client.end();
    }
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
}
