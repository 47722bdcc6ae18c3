// What the measurements of a cell come to: medians over the rounds, and ratios to "direct" of the same round.
import type { Measurement } from "./measure.ts";

export interface Summary {
  readonly contestant: string;
  readonly perSecond: number;
  /** Throughput divided by that of "direct": the median of the rounds' ratios. */
  readonly ratio: number;
  readonly latencyMs: number;
  /** Microseconds of CPU per transaction. */
  readonly proxyUser: number | undefined;
  readonly proxySystem: number | undefined;
  readonly postgres: number;
}

export function summarize(measurements: readonly Measurement[]): Summary[] {
  const direct = new Map(
    measurements.filter(({ contestant }) => contestant === "direct").map(({ round, perSecond }) => [round, perSecond]),
  );
  return [...Map.groupBy(measurements, ({ contestant }) => contestant)].map(([contestant, runs]) => {
    const proxies = runs.flatMap(({ proxy }) => proxy ?? []);
    return {
      contestant,
      perSecond: median(runs.map(({ perSecond }) => perSecond)),
      ratio: median(runs.map(({ perSecond, round }) => perSecond / direct.get(round)!)),
      latencyMs: median(runs.map(({ latencyMs }) => latencyMs)),
      proxyUser: proxies.length === 0 ? undefined : median(proxies.map(({ user }) => user)),
      proxySystem: proxies.length === 0 ? undefined : median(proxies.map(({ system }) => system)),
      postgres: median(runs.map(({ postgres }) => postgres.user + postgres.system)),
    };
  });
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export const summaryHeading = `${"".padEnd(12)}     tps  ratio  latency ms   proxy us (user + system)  PostgreSQL us`;

export function formatSummary({ contestant, perSecond, ratio, latencyMs, ...cpu }: Summary): string {
  const { proxyUser, proxySystem, postgres } = cpu;
  const proxy =
    proxyUser === undefined || proxySystem === undefined
      ? ""
      : `${(proxyUser + proxySystem).toFixed(1)} (${proxyUser.toFixed(1)} + ${proxySystem.toFixed(1)})`;
  const numbers = [
    perSecond.toFixed(0).padStart(8),
    ratio.toFixed(2).padStart(7),
    latencyMs.toFixed(3).padStart(12),
    proxy.padStart(27),
    postgres.toFixed(1).padStart(15),
  ];
  return `${contestant.padEnd(12)}${numbers.join("")}`;
}
