// One run of one contestant in one cell: throughput, latency, and the CPU time that proxy and PostgreSQL took for it.
import type { Contestant } from "./contestant.ts";
import { add, type CpuTime, cpuTime, cpuTimeOfTree, subtract } from "./cpu-time.ts";
import type { BenchOptions, Cell } from "./options.ts";
import { pgbench } from "./pgbench.ts";

export interface Measurement {
  readonly contestant: string;
  readonly round: number;
  readonly perSecond: number;
  readonly latencyMs: number;
  /** Microseconds of CPU per transaction. */
  readonly proxy: CpuTime | undefined;
  readonly postgres: CpuTime;
}

/** All rounds of a cell, the contestants in turn; each has a run before that does not count. */
export async function measureCell(
  cell: Cell,
  contestants: readonly Contestant[],
  options: Pick<BenchOptions, "seconds" | "rounds" | "scale">,
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const contestant of contestants) await measure(cell, contestant, { ...options, seconds: 1 }, 0);
  for (let round = 1; round <= options.rounds; round++) {
    // Nobody always comes behind the same one.
    const order = round % 2 === 1 ? contestants : contestants.toReversed();
    for (const contestant of order) measurements.push(await measure(cell, contestant, options, round));
  }
  return measurements;
}

async function measure(
  { workload, protocol, clients }: Cell,
  { name, port, database, proxyPid, postmasters }: Contestant,
  { seconds, scale }: Pick<BenchOptions, "seconds" | "scale">,
  round: number,
): Promise<Measurement> {
  const times = () => ({
    proxy: proxyPid === undefined ? nothing : cpuTime(proxyPid),
    postgres: postmasters.map(cpuTimeOfTree).reduce(add, nothing),
  });
  const { script } = workload;
  const before = times();
  const result = await pgbench({
    port,
    database: database(workload, protocol),
    protocol,
    clients,
    seconds,
    scale,
    script,
  });
  const after = times();
  const each = ({ user, system }: CpuTime): CpuTime => ({
    user: user / result.transactions,
    system: system / result.transactions,
  });
  return {
    contestant: name,
    round,
    perSecond: result.perSecond,
    latencyMs: result.latencyMs,
    proxy: proxyPid === undefined ? undefined : each(subtract(after.proxy, before.proxy)),
    postgres: each(subtract(after.postgres, before.postgres)),
  };
}

const nothing: CpuTime = { user: 0, system: 0 };
