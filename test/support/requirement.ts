// Tests that need more than Node say so by name. Where something is missing they are left out aloud, unless
// SHARDGRES_REQUIRE_ALL=1 (as .ci/run sets it): then they fail.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, test } from "vitest";
import { kubernetesPrograms } from "../kubernetes/kubernetes-binary.ts";
import { canMount } from "./disk.ts";
import { postgresPrograms, programsWithRewind } from "./postgres-programs.ts";

export const ownDisks = "disks of their own (root's right to mount)";

export type Requirement =
  | "psql"
  | "pgbench"
  | "python3 with psycopg2"
  | "PostgreSQL 16"
  | "PostgreSQL 17"
  | "pg_rewind"
  | typeof ownDisks
  | "Kubernetes (npm run kubernetes)";

const isThere: Readonly<Record<Requirement, () => boolean>> = {
  psql: () => succeeds("psql", ["--version"]),
  pgbench: () => succeeds("pgbench", ["--version"]),
  "PostgreSQL 16": () => existsSync(postgresPrograms(16)),
  "PostgreSQL 17": () => existsSync(postgresPrograms(17)),
  pg_rewind: () => programsWithRewind() !== undefined,
  [ownDisks]: canMount,
  "python3 with psycopg2": () => pythonWithPsycopg2() !== undefined,
  "Kubernetes (npm run kubernetes)": () => kubernetesPrograms() !== undefined,
};

/** `describe`, for tests that need these programs. */
export function describeWith(requirements: readonly Requirement[], name: string, define: () => void): void {
  const missing = requirements.filter((requirement) => !isThere[requirement]());
  if (missing.length === 0) {
    describe(name, define);
    return;
  }
  const reason = `${name} needs ${missing.join(", ")}`;
  if (process.env.SHARDGRES_REQUIRE_ALL === "1") {
    describe(name, () => {
      test("has all that it needs", () => {
        throw new Error(`${reason}, and SHARDGRES_REQUIRE_ALL=1 lets nothing be left out`);
      });
    });
    return;
  }
  console.log(`left out: ${reason}`);
  describe.runIf(false)(name, define);
}

/** Path or name of a Python that has psycopg2: the first one on the path need not be the one of the packages. */
export function pythonWithPsycopg2(): string | undefined {
  return ["python3", "/usr/bin/python3"].find((python) => succeeds(python, ["-c", "import psycopg2"]));
}

function succeeds(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}
