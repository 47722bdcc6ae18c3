// One round: new data, clients at work for a while (and a vandal, perhaps), and a look at everything when it has come to
// rest.
import { expect } from "vitest";
import type { TestCluster } from "../support/cluster.ts";
import { ClusterClients } from "../support/cluster-clients.ts";
import type { Disturbance } from "../support/disturbances.ts";
import { eventually } from "../support/eventually.ts";
import { calmDown } from "../support/in-doubt.ts";
import { expectedErrors } from "../support/lost-answer.ts";
import { seededRandom } from "../support/random.ts";
import { workUnderVandalism } from "../support/vandal.ts";
import { type History, type Key, type Level, writesOf } from "./checker/history.ts";
import type { Data } from "./data.ts";
import { Recorder } from "./recorder.ts";
import { Workload } from "./workload.ts";

export interface Round {
  readonly data: Data;
  readonly levels: readonly Level[];
  readonly shards: "one" | "several";
  readonly disturbances: readonly Disturbance[];
  /** Settings of every session. */
  readonly opening: readonly string[];
  readonly ms: number;
  readonly seed: number;
}

export const shardCount = 3;
const clientCount = 10;
/** Until no transaction is in doubt any more. */
const settledMsMax = 20_000;

export async function createData(cluster: TestCluster, data: Data): Promise<void> {
  await withClients(cluster, async (clients) => data.create(await clients.open()));
}

export async function recordHistory(cluster: TestCluster, round: Round): Promise<History> {
  const { data } = round;
  // After the last round's disturbances, connections may still turn out to be dead.
  const keys = await eventually(() =>
    withClients(cluster, async (clients) => {
      await data.reset(await clients.open());
      return clients.keysByShard(data.table, "id");
    }),
  );
  const shards = new Map(keys.flatMap((each, shard) => each.map((key) => [key, shard])));
  const shardOf = (key: Key) => shards.get(key)!;
  const used = round.shards === "one" ? keys.slice(0, 1) : keys;
  const transactions = await letClientsWork(cluster, round, used, shardOf);
  expect((await calmDown(cluster, shardCount, settledMsMax)).inDoubt).toEqual([]);

  const written = new Set(transactions.flatMap((each) => writesOf(each).map(({ key }) => key)));
  const all = await withClients(cluster, (clients) => data.readAll(clients));
  return { kind: data.kind, transactions, shardOf, finally: all.filter(({ key }) => written.has(key)) };
}

async function letClientsWork(
  { port, dataDir }: TestCluster,
  { data, levels, disturbances, opening, ms, seed }: Round,
  used: readonly (readonly Key[])[],
  shardOf: (key: Key) => number,
): Promise<History["transactions"]> {
  const login = { host: "127.0.0.1", port, user: "postgres", database: "postgres" };
  const recorder = new Recorder({ data, workload: new Workload(levels, used), shardOf, login, opening });
  await workUnderVandalism({
    dataDir,
    disturbances,
    random: seededRandom(seed),
    ms,
    work: (stop) => recorder.work(clientCount, seed, stop),
    isWorkingSince: (time) => recorder.isWorkingSince(time, [...used.keys()]),
  });
  expect([...recorder.errors.keys()].filter((code) => !expectedErrors.has(code))).toEqual([]);
  return recorder.transactions;
}

async function withClients<T>(cluster: TestCluster, use: (clients: ClusterClients) => Promise<T>): Promise<T> {
  const clients = new ClusterClients(cluster, shardCount);
  try {
    return await use(clients);
  } finally {
    await clients.end();
  }
}
