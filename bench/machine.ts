// The machine and the versions that a measurement was made with: without them its numbers mean nothing.
import { cpus, loadavg, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { runCommand } from "../src/base/run-command.ts";
import { findPostgres } from "../src/local/find-postgres.ts";
import { findPgbouncer } from "./pgbouncer.ts";

export type Machine = Readonly<Record<string, string>>;

export async function describeMachine(): Promise<Machine> {
  const processors = cpus();
  const root = fileURLToPath(new URL("..", import.meta.url));
  const [pgbench, commit, postgres, pgbouncer] = await Promise.all([
    runCommand("pgbench", ["--version"]),
    runCommand("git", ["describe", "--always", "--dirty"], { cwd: root }),
    findPostgres(undefined),
    findPgbouncer(),
  ]);
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    processors: `${processors.length} x ${processors[0]?.model ?? "unknown"}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    kernel: release(),
    load: loadavg()
      .map((load) => load.toFixed(2))
      .join(" "),
    shardgres: commit.succeeded ? commit.output.trim() : "unknown",
    node: process.version,
    postgres: postgres.version.text,
    pgbench: /\d[\d.]*/.exec(pgbench.output)?.[0] ?? "not installed",
    pgbouncer: pgbouncer?.version ?? "not installed",
  };
}
