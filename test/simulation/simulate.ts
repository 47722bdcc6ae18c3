// `npm run simulate [-- HISTORIES [FIRST_SEED]]`: many histories of failover, on all processors. Ends with the first that
// fails, shrunk to the faults that matter.
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { runHistory } from "./run-history.ts";
import { describeHistory, shrink } from "./shrink.ts";

const atOnce = 1000;

interface Tally {
  readonly failed: string | undefined;
  readonly acknowledged: number;
  readonly terms: number;
  readonly switchovers: number;
  readonly slowestMs: number;
}

if (isMainThread) await divide(process.argv.slice(2).map(Number));
else {
  const { first } = workerData;
  parentPort!.on("message", (done: number) => parentPort!.postMessage(runSome(first + done)));
}

function runSome(first: number): Tally {
  let [acknowledged, terms, switchovers, slowestMs] = [0, 0, 0, 0];
  for (let seed = first; seed < first + atOnce; seed++) {
    const history = runHistory(seed);
    const failed = history.violation === undefined ? undefined : describeHistory(shrink(history, {}));
    acknowledged += history.acknowledged;
    terms += history.term - 1;
    switchovers += history.switchovers.done;
    slowestMs = Math.max(slowestMs, history.recoveredMs);
    if (failed !== undefined) return { failed, acknowledged, terms, switchovers, slowestMs };
  }
  return { failed: undefined, acknowledged, terms, switchovers, slowestMs };
}

async function divide([wanted = 100_000, first = 1]: readonly number[]): Promise<void> {
  const histories = Math.ceil(wanted / atOnce) * atOnce;
  const workers = Array.from({ length: availableParallelism() }, () => {
    return new Worker(new URL(import.meta.url), { workerData: { first } });
  });
  const sum = { acknowledged: 0, terms: 0, switchovers: 0, slowestMs: 0 };
  let [given, done] = [0, 0];
  await new Promise<void>((resolve, reject) => {
    for (const worker of workers) {
      const giveMore = () => {
        if (given >= histories) return void worker.terminate();
        worker.postMessage(given);
        given += atOnce;
      };
      worker.on("error", reject);
      worker.on("message", (tally: Tally) => {
        if (tally.failed !== undefined) {
          console.error(tally.failed);
          process.exit(1);
        }
        sum.acknowledged += tally.acknowledged;
        sum.terms += tally.terms;
        sum.switchovers += tally.switchovers;
        sum.slowestMs = Math.max(sum.slowestMs, tally.slowestMs);
        done += atOnce;
        if (done % 10_000 === 0) console.log(`${done} histories`);
        if (done === histories) resolve();
        giveMore();
      });
      giveMore();
    }
  });
  console.log(
    `${histories} histories from seed ${first}: ${sum.acknowledged} writes acknowledged, none lost; ${sum.terms} new terms,`,
    `${sum.switchovers} of them by a switchover; after all was repaired, writes were acknowledged again within`,
    `${Math.ceil(sum.slowestMs / 1000)} s`,
  );
}
