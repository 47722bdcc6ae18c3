// Where the gateway's time goes: select-only pgbench against a gateway with one shard, and the functions that its CPU
// profile names. `node bench/profile.ts --help` tells the options.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cpuTime, subtract } from "./cpu-time.ts";
import { type CpuProfile, InspectedProcess } from "./inspected-process.ts";
import { type PgbenchRun, type Protocol, pgbench, pgbenchInitialize } from "./pgbench.ts";
import { selfTimes } from "./self-time.ts";
import { startShardgres } from "./shardgres.ts";
import { unusedPort } from "./unused-port.ts";

const help = `Usage: node bench/profile.ts [options]

  --protocols LIST  of simple, extended, prepared (default simple,prepared)
  --clients LIST    (default 8,32)
  --seconds N       length of each run (default 3)
  --top N           functions to show (default 25)
  --keep DIR        also write the profiles there, for Chrome's developer tools
`;

const { values: options } = parseArgs({
  options: {
    protocols: { type: "string", default: "simple,prepared" },
    clients: { type: "string", default: "8,32" },
    seconds: { type: "string", default: "3" },
    top: { type: "string", default: "25" },
    keep: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const gatewayMain = fileURLToPath(new URL("../gateway/main.ts", import.meta.url));
const scale = 2;

if (options.help) process.stdout.write(help);
else await run();

async function run(): Promise<void> {
  const cluster = await startShardgres(1);
  try {
    await pgbenchInitialize(cluster.port, "postgres", scale, "dtgvp");
    const port = await unusedPort();
    const { dataDir } = cluster;
    const gateway = await InspectedProcess.start(
      gatewayMain,
      [
        ...["--topology", join(dataDir, "topology"), "--admin-password-file", join(dataDir, "admin-password")],
        ...["--port", String(port), "--name", "profiled"],
      ],
      '"ready":true',
    );
    try {
      for (const protocol of options.protocols.split(",") as Protocol[]) {
        for (const clients of options.clients.split(",").map(Number)) {
          const seconds = Number(options.seconds);
          await measure(gateway, { port, database: "postgres", protocol, clients, seconds, scale, script: ["-S"] });
        }
      }
    } finally {
      await gateway.stop();
    }
  } finally {
    await cluster.stop();
  }
}

/** Once to warm up, once without the profiler for the true figures, once with it. */
async function measure(gateway: InspectedProcess, run: PgbenchRun): Promise<void> {
  await pgbench({ ...run, seconds: 1 });
  const before = cpuTime(gateway.pid);
  const { transactions, perSecond } = await pgbench(run);
  const { user, system } = subtract(cpuTime(gateway.pid), before);
  const perQuery = (microseconds: number) => (microseconds / transactions).toFixed(1);
  console.log(
    `\nselect-only, ${run.protocol}, ${run.clients} clients: ${perSecond.toFixed(0)} queries/s, gateway ` +
      `${perQuery(user + system)} us of CPU per query (user ${perQuery(user)}, system ${perQuery(system)})`,
  );
  let profiled = 0;
  const profile = await gateway.profile(async () => {
    profiled = (await pgbench(run)).transactions;
  });
  show(profile, profiled);
  if (options.keep !== undefined) {
    const file = join(options.keep, `select-only-${run.protocol}-${run.clients}.cpuprofile`);
    await writeFile(file, JSON.stringify(profile));
  }
}

/** The profiler's clock does not stop while the process has to wait for a processor, as in a write that wakes a reader. */
function show(profile: CpuProfile, queries: number): void {
  const times = selfTimes(profile);
  const total = times.reduce((sum, { microseconds }) => sum + microseconds, 0);
  for (const { name, place, microseconds } of times.slice(0, Number(options.top))) {
    const share = `${((microseconds / total) * 100).toFixed(1)}%`.padStart(6);
    console.log(`${share} ${(microseconds / queries).toFixed(2).padStart(7)} us  ${name}  ${place}`);
  }
}
