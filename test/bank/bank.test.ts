// A bank on four shards, while everything is killed, stopped and cut off at random: money is neither made nor lost, no read
// of any kind ever sees it in between, and whoever was told COMMIT finds the transfer.
//
//   SHARDGRES_LONG=1        ten minutes instead of one
//   SHARDGRES_SECONDS=20    or as long as you like
//   SHARDGRES_SEED=123      what an earlier run has printed
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCluster, type TestCluster } from "../support/cluster.ts";
import { ClusterClients, rowsOf } from "../support/cluster-clients.ts";
import { disturbances } from "../support/disturbances.ts";
import { eventually } from "../support/eventually.ts";
import { type Calm, calmDown } from "../support/in-doubt.ts";
import { expectedErrors } from "../support/lost-answer.ts";
import { seededRandom } from "../support/random.ts";
import { type Recovery, workUnderVandalism } from "../support/vandal.ts";
import { Auditors, audits } from "./auditors.ts";
import { type Bank, openBank, readBooks, shardCount } from "./bank.ts";
import { Tellers } from "./tellers.ts";

const { SHARDGRES_LONG, SHARDGRES_SECONDS, SHARDGRES_SEED } = process.env;
const runMs = 1_000 * Number(SHARDGRES_SECONDS ?? (SHARDGRES_LONG ? 600 : 60));
const seed = Number(SHARDGRES_SEED ?? Date.now() % 1_000_000);
/** After the last disturbance: until every client has come to the end of what it did, and no transaction is in doubt. */
const settledMsMax = 20_000;

let cluster: TestCluster;
let bank: Bank;

beforeAll(async () => {
  console.log(`SHARDGRES_SEED=${seed}`);
  cluster = await startCluster({ shards: shardCount });
  bank = await openBank(cluster);
});
afterAll(() => cluster?.stop());

test(
  "a bank keeps its money, whatever happens",
  async () => {
    const tellers = new Tellers(bank);
    const auditors = new Auditors(bank);
    const recoveries = await workUnderVandalism({
      dataDir: cluster.dataDir,
      disturbances,
      random: seededRandom(seed),
      ms: runMs,
      work: (stop) => Promise.all([tellers.work(16, seed, stop), auditors.work(3, seed + 100, stop)]),
      isWorkingSince: (time) => tellers.areWorkingSince(time),
    });
    const calm = await calmDown(cluster, shardCount, settledMsMax);
    report(tellers, auditors, recoveries, calm);

    expect(calm.inDoubt).toEqual([]);
    expect(auditors.wrong).toEqual([]);
    await checkBooks(tellers);
    expect([...auditors.done.keys()].sort()).toEqual(Object.keys(audits).sort());
    const errors = [...tellers.errors.keys(), ...auditors.errors.keys()];
    expect(errors.filter((code) => !expectedErrors.has(code))).toEqual([]);
  },
  runMs + 120_000,
);

test("without atomic reads, an audit sees money on its way", async () => {
  const tellers = new Tellers(bank);
  const auditors = new Auditors(bank, ["set shardgres.atomic_reads = off"]);
  const closing = new AbortController();
  await Promise.all([
    tellers.work(16, seed, closing.signal),
    auditors.work(3, seed + 100, closing.signal),
    eventually(() => auditors.wrong.length > 0).finally(() => closing.abort()),
  ]);
});

/** Each transfer is on both accounts or on none; each that was acknowledged is there, and none that was refused. */
async function checkBooks({ transfers }: Tellers): Promise<void> {
  const amounts = new Map(transfers.map((transfer) => [transfer.id, transfer]));
  const { entries, wrong } = await readBooks(cluster, (account, id) => {
    const { from, amount } = amounts.get(id)!;
    return account === from.id ? -amount : amount;
  });
  const problems = transfers.flatMap(({ id, from, to, way, outcome }) => {
    const accounts = entries.get(id) ?? [];
    const isWhole = accounts.length === 2 && accounts.includes(from.id) && accounts.includes(to.id);
    const isRight = outcome === "committed" ? isWhole : outcome === "aborted" ? accounts.length === 0 : undefined;
    if (isRight ?? (isWhole || accounts.length === 0)) return [];
    return [`transfer ${id} from ${from.id} to ${to.id}, ${way}, ${outcome}: is on [${accounts}]`];
  });
  expect([...problems, ...wrong]).toEqual([]);

  const asked = transfers.filter(({ gid }) => gid !== undefined);
  const statuses = await outcomes(asked.map(({ gid }) => gid!));
  expect(statuses).toEqual(asked.map(({ id }) => (entries.has(id) ? "committed" : "aborted")));
}

/** What a client is told that asks again later. */
async function outcomes(gids: readonly string[]): Promise<string[]> {
  const clients = new ClusterClients(cluster, shardCount);
  try {
    const client = await clients.open();
    const answers: string[] = [];
    for (const gid of gids) answers.push(...(await rowsOf(client, `select shardgres.transaction_status('${gid}')`)));
    return answers;
  } finally {
    await clients.end();
  }
}

function report(tellers: Tellers, auditors: Auditors, recoveries: readonly Recovery[], calm: Calm): void {
  const count = (outcome: string) => tellers.transfers.filter((transfer) => transfer.outcome === outcome).length;
  const text = (counts: ReadonlyMap<string, number>) => [...counts].map(([name, n]) => `${name}: ${n}`).join(", ");
  const byKind = Map.groupBy(recoveries, ({ disturbance }) => disturbance);
  const lines = [
    `bank, seed ${seed}: ${count("committed")} transfers, ${count("aborted")} refused, ${count("unknown")} unknown`,
    `  of these, ${tellers.transfers.filter(({ gid }) => gid !== undefined).length} with an id to ask with`,
    `  errors of tellers: ${text(tellers.errors)}; of auditors: ${text(auditors.errors)}`,
    `  audits: ${text(auditors.done)}; wrong: ${auditors.wrong.length}`,
    `  ${calm.inDoubt.length} prepared transactions left after ${Math.round(calm.ms)} ms`,
    ...[...byKind].map(([kind, all]) => {
      const times = all.map(({ ms }) => Math.round(ms)).sort((a, b) => a - b);
      return `  ${kind}: ${all.length}, recovered after ${times[times.length >> 1]} ms, at most ${times.at(-1)} ms`;
    }),
  ];
  console.log(lines.join("\n"));
}
