// What pgbench does in each workload, and the tables that it does it with.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { pgbenchInitialize } from "./pgbench.ts";

export interface Workload {
  readonly name: "select-only" | "tpcb";
  readonly database: string;
  /** Arguments of pgbench that name the script. */
  readonly script: readonly string[];
  /** The column by which a sharded database distributes the tables. */
  readonly shardKey: string;
  readonly tables: readonly string[];
  /** File that creates the tables; undefined: pgbench does. */
  readonly schema: string | undefined;
}

const file = (name: string) => fileURLToPath(new URL(`sql/${name}`, import.meta.url));

/** A table has one shard key, so each workload has a database of its own. */
export const workloads: readonly Workload[] = [
  {
    name: "select-only",
    database: "select_only",
    script: ["-S"],
    shardKey: "aid",
    tables: ["pgbench_accounts"],
    schema: undefined,
  },
  {
    name: "tpcb",
    database: "tpcb",
    script: ["-f", file("tpcb-by-branch.sql")],
    shardKey: "bid",
    tables: ["pgbench_branches", "pgbench_tellers", "pgbench_accounts", "pgbench_history"],
    schema: file("tables-by-branch.sql"),
  },
];

/** Creates the database, its tables and their rows; `distributes`: over shards, by the shard key. */
export async function createTables(
  workload: Workload,
  port: number,
  scale: number,
  distributes: boolean,
): Promise<void> {
  const { database, schema, shardKey, tables } = workload;
  await execute(port, "postgres", [`CREATE DATABASE ${database}`]);
  if (schema === undefined) await pgbenchInitialize(port, database, scale, "dt");
  else await execute(port, database, [await readFile(schema, "utf8")]);
  if (distributes) {
    await execute(
      port,
      database,
      tables.map((table) => `SELECT create_distributed_table('${table}', '${shardKey}')`),
    );
  }
  await pgbenchInitialize(port, database, scale, schema === undefined ? "gvp" : "gv");
}

async function execute(port: number, database: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", database });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
