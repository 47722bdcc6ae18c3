// `npm run simulate [-- HISTORIES [FIRST_SEED]]`: many histories of failover. Ends with the first that fails, shrunk.
import { runHistory } from "./run-history.ts";
import { describeHistory, shrink } from "./shrink.ts";

const [histories = 100_000, first = 1] = process.argv.slice(2).map(Number);
let [acknowledged, terms, slowestMs] = [0, 0, 0];
for (let done = 0; done < histories; done++) {
  const history = runHistory(first + done);
  if (history.violation !== undefined) {
    console.error(describeHistory(shrink(history, {})));
    process.exit(1);
  }
  acknowledged += history.acknowledged;
  terms += history.term - 1;
  slowestMs = Math.max(slowestMs, history.recoveredMs);
  if ((done + 1) % 10_000 === 0) console.log(`${done + 1} histories`);
}
console.log(
  `${histories} histories from seed ${first}: ${acknowledged} writes acknowledged, none lost; ${terms} new terms;`,
  `after all was repaired, writes were acknowledged again within ${Math.ceil(slowestMs / 1000)} s`,
);
