// A process beside the agent of a volume that moves between machines: it kills the agent's PostgreSQL when the agent has
// died, or, frozen, has not said in time that the lease of the volume is still its own. It is told on its standard input, a
// line for each renewal: until when, by the clock that all processes of the machine have in common (process.hrtime).
import { createInterface } from "node:readline";
import { isPostgresOf, readPostmasterPid } from "../postgres/postmaster-pid.ts";
import { killPostgres } from "../postgres/stop-leftovers.ts";

const [dataDirectory = "", until = "0"] = process.argv.slice(2);
const tickMs = 50;

let untilNs = BigInt(until);
let isAlone = false;
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  if (line === "end") process.exit(0);
  const nextNs = BigInt(line);
  if (nextNs > untilNs) untilNs = nextNs;
});
lines.on("close", () => {
  isAlone = true;
});
// What is sent to all processes of a terminal is meant for the agent, which ends this one.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

while (!isAlone && process.hrtime.bigint() < untilNs) await new Promise((resolve) => setTimeout(resolve, tickMs));
const postmaster = await readPostmasterPid(dataDirectory);
if (postmaster && (await isPostgresOf(postmaster.pid, dataDirectory)))
  await killPostgres(postmaster.pid, dataDirectory);
process.exit();
