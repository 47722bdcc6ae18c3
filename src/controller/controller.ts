// The controller's work: looks at the shards, ends what is in doubt, warns of what is forgotten, keeps the records short.
import type { Log } from "../base/log.ts";
import { AdminConnections } from "../pool/admin-connections.ts";
import type { ShardName, Topology } from "../topology/snapshot.ts";
import { type ControllerFacts, controllerMetrics } from "./controller-metrics.ts";
import { keepHouse } from "./housekeeping.ts";
import { preparedWarnings } from "./prepared-warnings.ts";
import { repeat } from "./repeat.ts";
import { Resolver } from "./resolver.ts";
import { seldom } from "./seldom.ts";
import { ShardWatch } from "./shard-watch.ts";

const lookEveryMs = 1_000;
const keepHouseEveryMs = 30_000;
const tellAgainMs = 10 * 60_000;
const silentSeconds = 60;
const keepSeconds = 3_600;
const retireSeconds = 24 * 3_600;
/** How long what is being done may go on when the controller is to stop. */
const stopLimitMs = 1_000;

export class Controller {
  #topology: () => Topology;
  #log: Log;
  #isTimeToTell = seldom(tellAgainMs);
  /** Three kinds of work that do not wait for each other's answers. */
  #looking: AdminConnections;
  #resolving: AdminConnections;
  #tidying: AdminConnections;
  #watch: ShardWatch;
  #resolver: Resolver;
  #isActive = false;
  #passes = 0;

  constructor(topology: () => Topology, password: string | undefined, log: Log) {
    this.#topology = topology;
    this.#log = log;
    this.#looking = new AdminConnections(topology, password, "shardgres controller");
    this.#resolving = new AdminConnections(topology, password, "shardgres resolver");
    this.#tidying = new AdminConnections(topology, password, "shardgres housekeeping");
    this.#watch = new ShardWatch({
      ask: this.#looking.query,
      shards: () => topology().shards.keys(),
      onChange: (shard, trouble) => this.#tellChange(shard, trouble),
    });
    this.#resolver = new Resolver({
      clusterId: () => topology().clusterId,
      ask: this.#resolving.query,
      forget: (database) => this.#resolving.forget(database),
      log,
      isTimeToTell: this.#isTimeToTell,
    });
  }

  /** To be called when there is another snapshot of the topology. */
  topologyChanged(): void {
    for (const connections of [this.#looking, this.#resolving, this.#tidying]) connections.topologyChanged();
  }

  get isActive(): boolean {
    return this.#isActive;
  }

  /** Resolves after an abort, when all loops have ended. */
  async work(signal: AbortSignal): Promise<void> {
    this.#isActive = true;
    const onFailure = (what: string) => (error: unknown) => {
      if (this.#isTimeToTell(`${what} ${error}`)) this.#log.warn({ err: error }, `${what}; trying again`);
    };
    const loops = [
      repeat(() => this.#pass(), {
        everyMs: lookEveryMs,
        signal,
        onFailure: onFailure("the shards were not looked at"),
      }),
      repeat(() => this.#keepHouse(), {
        everyMs: keepHouseEveryMs,
        signal,
        onFailure: onFailure("records of transactions were not tidied up"),
      }),
    ];
    await Promise.all(loops);
    this.#isActive = false;
  }

  async close(): Promise<void> {
    const limit = new Promise((resolve) => setTimeout(resolve, stopLimitMs).unref());
    await Promise.race([this.#resolver.settled(), limit]);
    await Promise.all([this.#looking, this.#resolving, this.#tidying].map((connections) => connections.close()));
  }

  metrics(): ReturnType<typeof controllerMetrics> {
    const facts: ControllerFacts = {
      isActive: this.#isActive,
      views: this.#watch.views,
      inDoubt: (shard) => this.#resolver.inDoubt(shard),
      resolved: this.#resolver.resolved,
      passes: this.#passes,
      errors: this.#resolver.failures,
    };
    return controllerMetrics(facts);
  }

  async #pass(): Promise<void> {
    const answers = await this.#watch.look();
    this.#passes++;
    this.#resolver.pass(answers);
    const { clusterId } = this.#topology();
    for (const answer of answers) {
      for (const { key, message, ...facts } of preparedWarnings(answer, clusterId)) {
        if (this.#isTimeToTell(key)) this.#log.warn(facts, message);
      }
    }
  }

  async #keepHouse(): Promise<void> {
    const forget = (database: string) => this.#tidying.forget(database);
    const connections = { ask: this.#tidying.query, forget };
    const limits = { silentSeconds, retireSeconds, keepSeconds };
    await keepHouse({ topology: this.#topology, log: this.#log, ...connections, ...limits });
  }

  #tellChange(shard: ShardName, trouble: unknown): void {
    if (trouble === undefined) this.#log.info({ shard }, "shard answers again");
    else this.#log.warn({ shard, err: trouble }, "shard does not answer; its transactions are left for later");
  }
}
