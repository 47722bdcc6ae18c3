// What the controller knows, as metrics.
import type { Metric, Sample } from "../base/metrics.ts";
import type { PreparedOnShard, PreparedTransaction } from "../transaction/prepared-transactions.ts";
import type { ShardView } from "./shard-watch.ts";

export interface ControllerFacts {
  readonly isActive: boolean;
  readonly views: ReadonlyMap<string, ShardView>;
  readonly inDoubt: (shard: PreparedOnShard) => readonly PreparedTransaction[];
  readonly resolved: Readonly<Record<"committed" | "aborted", number>>;
  readonly passes: number;
  readonly errors: number;
}

export function controllerMetrics(facts: ControllerFacts): readonly Metric[] {
  const { views, inDoubt } = facts;
  const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({
    name: `shardgres_${name}`,
    kind: "gauge",
    help,
    samples,
  });
  const counter = (name: string, help: string, samples: readonly Sample[]): Metric => ({
    ...gauge(name, help, samples),
    kind: "counter",
  });
  const perShard = (measure: (shard: PreparedOnShard) => number) =>
    [...views].flatMap(([shard, { last }]) => (last === undefined ? [] : { labels: { shard }, value: measure(last) }));
  const most = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b), 0);
  return [
    gauge("controller_active", "1 in the controller that works, 0 in one that waits to take over.", [
      { value: Number(facts.isActive) },
    ]),
    gauge(
      "shard_up",
      "Whether the shard's primary answers the controller.",
      [...views].map(([shard, { isUp }]) => ({ labels: { shard }, value: Number(isUp) })),
    ),
    gauge(
      "in_doubt_transactions",
      "Distributed transactions that have been prepared on the shard for longer than a gateway takes to end them.",
      perShard((shard) => inDoubt(shard).length),
    ),
    gauge(
      "oldest_in_doubt_seconds",
      "Age of the oldest of them; 0: there is none.",
      perShard((shard) => most(inDoubt(shard).map(({ ageSeconds }) => ageSeconds))),
    ),
    gauge(
      "prepared_transactions",
      "Prepared transactions of the shard, whoever has prepared them.",
      perShard(({ prepared }) => prepared.length),
    ),
    gauge(
      "prepared_transactions_max",
      "The shard's max_prepared_transactions.",
      perShard(({ slots }) => slots),
    ),
    gauge(
      "prepared_xmin_age",
      "Transactions since the oldest prepared one: what they leave behind cannot be vacuumed.",
      perShard(({ prepared }) => most(prepared.map(({ xminAge }) => xminAge))),
    ),
    counter(
      "resolved_transactions_total",
      "Parts of transactions that the resolver has ended.",
      Object.entries(facts.resolved).map(([outcome, value]) => ({ labels: { outcome }, value })),
    ),
    counter("resolver_passes_total", "Looks at all shards.", [{ value: facts.passes }]),
    counter("resolver_errors_total", "Attempts to end a part of a transaction that failed.", [{ value: facts.errors }]),
  ];
}
