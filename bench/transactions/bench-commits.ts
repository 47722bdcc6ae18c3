// What a commit over several shards costs, against one on one shard, and against the same by hand with `pg` at the shards.
import type { Bank } from "./bank-cluster.ts";
import { printTable } from "./print-table.ts";
import { type Run, runClients, type Worker } from "./run-clients.ts";
import { type Contestant, takeTurns } from "./take-turns.ts";
import type { Topic } from "./topic.ts";
import { transferPlainly, transferPrepared, transferThroughGateway } from "./transfer.ts";

const names = {
  one: "one shard",
  two: "two shards",
  three: "three shards",
  prepared: "two by hand, prepared",
  plain: "two by hand, not atomic",
} as const;

export const benchCommits: Topic = {
  shards: 3,
  accounts: 1_000,
  async measure(bank, options) {
    const all = [];
    for (const clients of [1, 8]) {
      const workers = await openWorkers(bank, clients);
      try {
        const contestants = Object.entries(workers).map(
          ([way, of]): Contestant => ({
            name: names[way as keyof typeof names],
            run: (seconds) => runClients(of, seconds),
          }),
        );
        const results = await takeTurns(contestants, options);
        print(clients, results);
        all.push({ clients, results: Object.fromEntries(results) });
      } finally {
        await Promise.all(Object.values(workers).flatMap((of) => of.map((worker) => worker.close())));
      }
    }
    return all;
  },
};

/** Each client has accounts of its own: nobody waits for a lock. */
async function openWorkers(bank: Bank, clients: number): Promise<Record<keyof typeof names, Worker[]>> {
  const workers: Record<keyof typeof names, Worker[]> = { one: [], two: [], three: [], prepared: [], plain: [] };
  for (let i = 0; i < clients; i++) {
    const account = (shard: number, which = 0) => bank.accounts[shard]![2 * i + which]!;
    const gateway = await bank.open();
    const legs = [
      { client: await bank.openShard(0), account: account(0) },
      { client: await bank.openShard(1), account: account(1) },
    ];
    const close = async () => {};
    let number = 0;
    workers.one.push({ run: () => transferThroughGateway(gateway, [account(0), account(0, 1)]), close });
    workers.two.push({ run: () => transferThroughGateway(gateway, [account(0), account(1)]), close });
    workers.three.push({
      run: () => transferThroughGateway(gateway, [account(0), account(1), account(2)]),
      close: () => gateway.end(),
    });
    workers.prepared.push({ run: () => transferPrepared(legs, `by_hand_${i}_${number++}`), close });
    workers.plain.push({
      run: () => transferPlainly(legs),
      close: async () => {
        await Promise.all(legs.map(({ client }) => client.end()));
      },
    });
  }
  return workers;
}

function print(clients: number, results: ReadonlyMap<string, readonly Run[]>): void {
  const timesLatency = (of: string) => (run: Run, round: number) => run.p50Ms / results.get(of)![round]!.p50Ms;
  printTable(`commits, ${clients} ${clients === 1 ? "client" : "clients"} (latency ms; x: times the p50 of)`, results, [
    { heading: "tps", value: (run) => run.perSecond, digits: 0 },
    { heading: "p50", value: (run) => run.p50Ms, digits: 2 },
    { heading: "p95", value: (run) => run.p95Ms, digits: 2 },
    { heading: "COMMIT", value: (run) => run.commitMs, digits: 2 },
    { heading: "x one", value: timesLatency(names.one), digits: 2 },
    { heading: "x hand", value: timesLatency(names.prepared), digits: 2 },
  ]);
}
