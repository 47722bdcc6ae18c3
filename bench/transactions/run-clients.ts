// Clients that do the same thing again and again for some time, and how long it took each time.
import pg from "pg";

export interface Worker {
  /** Once. The milliseconds that its COMMIT took, where that is of interest. */
  run(): Promise<number | undefined>;
  close(): Promise<void>;
}

export interface Run {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** undefined: nobody was interested. */
  readonly commitMs: number | undefined;
  /** Ended with an error after which one tries again (class 40 of SQLSTATE). */
  readonly failed: number;
}

/** Until the time is over; a worker that has begun goes on to the end of what it does. */
export async function runClients(workers: readonly Worker[], seconds: number): Promise<Run> {
  const latencies: number[] = [];
  const commits: number[] = [];
  let failed = 0;
  const began = performance.now();
  const end = began + seconds * 1_000;
  const loop = async (worker: Worker) => {
    for (let start = performance.now(); start < end; start = performance.now()) {
      try {
        const commit = await worker.run();
        latencies.push(performance.now() - start);
        if (commit !== undefined) commits.push(commit);
      } catch (error) {
        if (!isWorthTryingAgain(error)) throw error;
        failed++;
      }
    }
  };
  const loops = workers.map(loop);
  await Promise.allSettled(loops);
  await Promise.all(loops);
  const tookSeconds = (performance.now() - began) / 1_000;
  return {
    perSecond: latencies.length / tookSeconds,
    p50Ms: quantile(latencies, 0.5),
    p95Ms: quantile(latencies, 0.95),
    commitMs: commits.length === 0 ? undefined : quantile(commits, 0.5),
    failed,
  };
}

function isWorthTryingAgain(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code?.startsWith("40") === true;
}

/** Nearest rank; NaN of nothing. */
function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
