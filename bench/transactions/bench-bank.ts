// The throughput of a bank with the controller, without it, and while it ends transactions that somebody has left in doubt.
import { delay } from "../../src/base/delay.ts";
import { patienceSeconds } from "../../src/controller/resolver.ts";
import { type Bank, firstBalance } from "./bank-cluster.ts";
import { Forsaker } from "./leave-in-doubt.ts";
import { printTable } from "./print-table.ts";
import { type Run, runClients, type Worker } from "./run-clients.ts";
import { takeTurns } from "./take-turns.ts";
import type { Topic } from "./topic.ts";
import { transferThroughGateway } from "./transfer.ts";

interface BankRun extends Run {
  readonly reads: Run;
  readonly wrongSums: number;
  /** Transactions that were left in doubt meanwhile. */
  readonly left: number;
}

const accounts = 4_000;
const clients = 8;
/** 20 a second. */
const leavesEveryMs = 50;
const calmWithinMs = 30_000;

const withController = "controller running";

export const benchBank: Topic = {
  shards: 4,
  accounts,
  async measure(bank, options) {
    const forsaker = await Forsaker.open(bank);
    const transfers = await Promise.all(Array.from({ length: clients }, () => openTransfer(bank)));
    const reader = await openReader(bank);
    const run = (seconds: number) => runBank(transfers, reader, seconds);
    const contestants = [
      { name: withController, run },
      { name: "controller halted", run: (seconds: number) => withoutController(bank, () => run(seconds)) },
      { name: "recovery, 20 a second", run: (seconds: number) => withRecovery(forsaker, seconds, () => run(seconds)) },
    ];
    const results = await takeTurns(contestants, options);
    const timesNormal = (one: Run, round: number) => one.perSecond / results.get(withController)![round]!.perSecond;
    printTable(`bank, ${clients} clients and 1 reader, 4 shards`, results, [
      { heading: "tps", value: (one) => one.perSecond, digits: 0 },
      { heading: "ratio", value: timesNormal, digits: 2 },
      { heading: "p95 ms", value: (one) => one.p95Ms, digits: 2 },
      { heading: "reads/s", value: ({ reads }) => reads.perSecond, digits: 0 },
      { heading: "wrong", value: ({ wrongSums }) => wrongSums, digits: 0, isSum: true },
      { heading: "in doubt", value: ({ left }) => left, digits: 0, isSum: true },
    ]);
    return Object.fromEntries(results);
  },
};

async function openTransfer(bank: Bank): Promise<Worker> {
  const client = await bank.open();
  const account = () => 1 + Math.floor(Math.random() * accounts);
  return {
    run: async () => {
      const [from, to] = [account(), account()];
      // The lower one first: nobody waits for somebody who waits for him.
      return transferThroughGateway(client, from === to ? [from] : [from, to].toSorted((a, b) => a - b));
    },
    close: () => client.end(),
  };
}

interface Reader extends Worker {
  wrongSums: number;
}

async function openReader(bank: Bank): Promise<Reader> {
  const client = await bank.open();
  const reader: Reader = {
    wrongSums: 0,
    run: async () => {
      const { rows } = await client.query<{ sum: string }>("SELECT sum(balance) AS sum FROM account");
      if (Number(rows[0]!.sum) !== accounts * firstBalance) reader.wrongSums++;
      return undefined;
    },
    close: () => client.end(),
  };
  return reader;
}

async function runBank(transfers: readonly Worker[], reader: Reader, seconds: number): Promise<BankRun> {
  reader.wrongSums = 0;
  const [run, reads] = await Promise.all([runClients(transfers, seconds), runClients([reader], seconds)]);
  return { ...run, reads, wrongSums: reader.wrongSums, left: 0 };
}

/** Halted, not ended: the launcher would start another one. */
async function withoutController(bank: Bank, run: () => Promise<BankRun>): Promise<BankRun> {
  process.kill(bank.controllerPid, "SIGSTOP");
  try {
    return await run();
  } finally {
    process.kill(bank.controllerPid, "SIGCONT");
  }
}

/** The leaving begins earlier than the measurement, so that the resolver is at work; over when all that was left is ended. */
async function withRecovery(forsaker: Forsaker, seconds: number, run: () => Promise<BankRun>): Promise<BankRun> {
  const before = forsaker.left;
  const leadMs = 1_000 * patienceSeconds + 500;
  const leaving = async () => {
    const end = performance.now() + leadMs + seconds * 1_000;
    for (; performance.now() < end; await delay(leavesEveryMs)) await forsaker.leaveOne();
  };
  const [result] = await Promise.all([delay(leadMs).then(run), leaving()]);
  const limit = performance.now() + calmWithinMs;
  while ((await forsaker.inDoubt()) > 0) {
    if (performance.now() > limit) throw new Error("the controller has not ended what was left in doubt");
    await delay(100);
  }
  return { ...result, left: forsaker.left - before };
}
