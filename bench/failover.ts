// `npm run bench -- failover`: how long nobody can write, as a distribution over many failovers of each kind. The stage is
// that of test/failover: three tablets, a gateway and sixteen writing clients, all of them processes on this machine.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import * as faults from "../test/failover/faults.ts";
import { type Fault, type Outcome, Trials } from "../test/failover/trial.ts";
import { describeMachine } from "./machine.ts";
import { chosen, positive } from "./options.ts";

/** With the time that 95 % of the failovers of a kind should stay under. */
const kinds = {
  planned: { fault: faults.switchover, targetMs: 1_000 },
  "postgres killed": { fault: faults.killPostgres, targetMs: 3_000 },
  "machine dead": { fault: faults.killMachine, targetMs: 12_000 },
  "machine frozen": { fault: faults.freezeMachine, targetMs: 12_000 },
  "agent frozen": { fault: faults.freezeAgent, targetMs: 12_000 },
  "postgres frozen": { fault: faults.freezePostgres, targetMs: 12_000 },
} as const satisfies Record<string, { readonly fault: Fault; readonly targetMs: number }>;

type Kind = keyof typeof kinds;
const kindNames = Object.keys(kinds) as Kind[];

const help = `Usage: npm run bench -- failover [options]

Measures how long no write is acknowledged in a failover, of three tablets
(durability majority) with 16 clients that write through a gateway.

  --kinds LIST  of ${kindNames.slice(0, 3).join(", ")},
                ${kindNames.slice(3).join(", ")} (default all)
  --count N     failovers of each kind (default 30)
  --json FILE   also write all measurements there
  --help        print this
`;

export async function benchFailover(args: readonly string[]): Promise<void> {
  const [text, flag] = [{ type: "string" }, { type: "boolean" }] as const;
  const options = { kinds: text, count: text, json: text, help: flag };
  const { values } = parseArgs({ args: [...args], options });
  if (values.help === true) {
    process.stdout.write(help);
    return;
  }
  const count = positive("--count", values.count ?? "30");
  const wanted = chosen("--kinds", values.kinds, kindNames);
  const machine = await describeMachine();
  for (const [name, value] of Object.entries(machine)) console.log(`${name.padEnd(12)}${value}`);
  console.log(`\nmilliseconds without writes, ${count} failovers of each kind`);
  console.log(row("", ["p50", "p95", "max", "target", "errors"]));
  const results: Record<string, readonly Outcome[]> = {};
  const trials = await Trials.start();
  try {
    for (const kind of wanted) {
      results[kind] = await measure(trials, kinds[kind].fault, count);
      print(kind, results[kind]);
    }
    for (const problem of await trials.finish()) complain(problem);
  } finally {
    await trials.stop();
  }
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
}

async function measure(trials: Trials, fault: Fault, count: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let i = 0; i < count; i++) {
    const outcome = await trials.run(fault);
    for (const problem of outcome.problems) complain(`${fault.name}: ${problem}`);
    outcomes.push(outcome);
  }
  return outcomes;
}

function print(kind: Kind, outcomes: readonly Outcome[]): void {
  const pauses = outcomes.map(({ pauseMs }) => pauseMs).sort((a, b) => a - b);
  const share = (part: number) => pauses[Math.min(pauses.length - 1, Math.ceil(part * pauses.length) - 1)]!;
  const errors = outcomes.reduce((sum, { failures }) => sum + failures.length, 0) / outcomes.length;
  const times = [share(0.5), share(0.95), share(1), kinds[kind].targetMs].map((ms) => ms.toFixed(0));
  console.log(row(kind, [...times, errors.toFixed(1)]));
  const codes = Map.groupBy(
    outcomes.flatMap(({ failures }) => failures),
    ({ code, place }) => `${code} (${place})`,
  );
  for (const [what, { length }] of codes) console.log(`  ${what}: ${length}`);
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(18) + cells.map((cell) => cell.padStart(8)).join("");
}

function complain(problem: string): void {
  process.stderr.write(`wrong: ${problem}\n`);
  process.exitCode = 1;
}
