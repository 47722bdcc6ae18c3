// One run of pgbench.
import { runCommand } from "../src/base/run-command.ts";

export type Protocol = "simple" | "extended" | "prepared";

export interface PgbenchRun {
  readonly port: number;
  readonly database: string;
  readonly protocol: Protocol;
  readonly clients: number;
  readonly seconds: number;
  /** Of the tables: as many branches, times 100,000 accounts. */
  readonly scale: number;
  /** Arguments that name the script. */
  readonly script: readonly string[];
}

export interface PgbenchResult {
  readonly transactions: number;
  readonly perSecond: number;
  readonly latencyMs: number;
}

/** Throws with what pgbench said when a client was ended or a transaction failed. */
export async function pgbench(run: PgbenchRun): Promise<PgbenchResult> {
  const { port, database, protocol, clients, seconds, scale, script } = run;
  const args = [
    ...["-h", "127.0.0.1", "-p", String(port), "-U", "postgres", "-n"],
    ...["-M", protocol, "-c", String(clients), "-j", clients === 1 ? "1" : "2", "-T", String(seconds)],
    ...[...script, "-s", String(scale), database],
  ];
  const { succeeded, output } = await runCommand("pgbench", args, {
    signal: AbortSignal.timeout((seconds + 30) * 1000),
  });
  const failed = number(output, /number of failed transactions: (\d+)/) ?? 0;
  if (!succeeded || failed > 0 || output.includes("aborted")) throw new Error(`pgbench ${args.join(" ")}:\n${output}`);
  return {
    transactions: wanted(output, /number of transactions actually processed: (\d+)/),
    perSecond: wanted(output, /tps = ([\d.]+)/),
    latencyMs: wanted(output, /latency average = ([\d.]+) ms/),
  };
}

/** One of the steps of `pgbench -i`, by its letters. */
export async function pgbenchInitialize(port: number, database: string, scale: number, steps: string): Promise<void> {
  const args = ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres", "-i", "-I", steps, "-q", "-s", String(scale)];
  const { succeeded, output } = await runCommand("pgbench", [...args, database]);
  if (!succeeded) throw new Error(`pgbench ${args.join(" ")} ${database}:\n${output}`);
}

function wanted(output: string, pattern: RegExp): number {
  const found = number(output, pattern);
  if (found === undefined) throw new Error(`pgbench did not say ${pattern.source}:\n${output}`);
  return found;
}

function number(output: string, pattern: RegExp): number | undefined {
  const text = pattern.exec(output)?.[1];
  return text === undefined ? undefined : Number(text);
}
