// What it costs that a read over two shards sees them at the same moment, and what it sees when it does not pay for that.
import type pg from "pg";
import { type Bank, firstBalance } from "./bank-cluster.ts";
import { printTable } from "./print-table.ts";
import { type Run, runClients, type Worker } from "./run-clients.ts";
import { type Contestant, takeTurns } from "./take-turns.ts";
import type { Topic } from "./topic.ts";
import { transferThroughGateway } from "./transfer.ts";

interface ReadRun extends Run {
  readonly wrongSums: number;
}

const accounts = 100_000;
const writers = 4;

const forms: Readonly<Record<string, string | undefined>> = {
  autocommit: undefined,
  "read committed": "BEGIN ISOLATION LEVEL READ COMMITTED",
  "repeatable read": "BEGIN ISOLATION LEVEL REPEATABLE READ",
};

export const benchReads: Topic = {
  shards: 2,
  accounts,
  async measure(bank, options) {
    const reader = await bank.open();
    // The transfers are between these, so that both sums have to stay.
    const few = bank.accounts.flatMap((ids) => ids.slice(0, 10));
    const reads: Record<string, { readonly sql: string; readonly total: number }> = {
      "20 rows": { sql: `SELECT balance FROM account WHERE id IN (${few.join(", ")})`, total: 20 * firstBalance },
      "sum of 100,000 rows": { sql: "SELECT sum(balance) AS balance FROM account", total: accounts * firstBalance },
    };
    const all = [];
    for (const [what, { sql, total }] of Object.entries(reads)) {
      for (const busy of [false, true]) {
        const contestants = Object.entries(forms).flatMap(([form, begin]) =>
          ["on", "off"].map(
            (atomic): Contestant<ReadRun> => ({
              name: `${form}, ${atomic}`,
              run: (seconds) => read(bank, reader, { begin, atomic, sql, total, busy, seconds }),
            }),
          ),
        );
        const results = await takeTurns(contestants, options);
        print(`${what}, ${busy ? `${writers} clients transfer` : "idle"}`, results);
        all.push({ what, busy, results: Object.fromEntries(results) });
      }
    }
    await reader.end();
    return all;
  },
};

interface Reading {
  readonly begin: string | undefined;
  readonly atomic: string;
  readonly sql: string;
  readonly total: number;
  readonly busy: boolean;
  readonly seconds: number;
}

async function read(bank: Bank, client: pg.Client, reading: Reading): Promise<ReadRun> {
  const { begin, atomic, sql, total, busy, seconds } = reading;
  await client.query(`SET shardgres.atomic_reads = ${atomic}`);
  let wrongSums = 0;
  const once = async () => {
    if (begin !== undefined) await client.query(begin);
    const { rows } = await client.query<{ balance: string }>(sql);
    if (begin !== undefined) await client.query("COMMIT");
    if (rows.reduce((sum, { balance }) => sum + Number(balance), 0) !== total) wrongSums++;
    return undefined;
  };
  const transfers = busy ? await openTransfers(bank) : [];
  try {
    const writing = runClients(transfers, seconds);
    const [run] = await Promise.all([runClients([{ run: once, close: async () => {} }], seconds), writing]);
    return { ...run, wrongSums };
  } finally {
    await Promise.all(transfers.map((worker) => worker.close()));
  }
}

function openTransfers({ accounts: [first, second], open }: Bank): Promise<Worker[]> {
  return Promise.all(
    Array.from({ length: writers }, async (_, i) => {
      const client = await open();
      return {
        run: () => transferThroughGateway(client, [first![i]!, second![i]!]),
        close: () => client.end(),
      };
    }),
  );
}

function print(title: string, results: ReadonlyMap<string, readonly ReadRun[]>): void {
  const timesOff = (run: Run, round: number, name: string) => {
    const off = results.get(name.replace(/, on$/, ", off"))!;
    return name.endsWith(", on") ? run.p50Ms / off[round]!.p50Ms : undefined;
  };
  printTable(`reads, ${title} (atomic_reads on or off)`, results, [
    { heading: "reads/s", value: (run) => run.perSecond, digits: 0 },
    { heading: "p50 ms", value: (run) => run.p50Ms, digits: 2 },
    { heading: "p95 ms", value: (run) => run.p95Ms, digits: 2 },
    { heading: "x off", value: timesOff, digits: 2 },
    { heading: "wrong", value: (run) => run.wrongSums, digits: 0, isSum: true },
  ]);
}
