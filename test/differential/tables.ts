// The tables of the case files: made, filled, and compared as a whole.
import { join } from "node:path";
import { type Case, readCaseFile } from "./case-file.ts";
import { divergenceText, runCase } from "./run-case.ts";
import { type Divergence, type ServerPair, SessionPair } from "./session-pair.ts";

export const caseDirectory = join(import.meta.dirname, "cases");

/** Makes the tables on both servers, distributes them on the gateway, and fills them. Throws when anything goes wrong. */
export async function makeTables(servers: ServerPair): Promise<void> {
  await mustRun(servers, "schema.sql");
  await fillTables(servers);
}

/** Gives the tables the rows of data.sql and no others. */
export async function fillTables(servers: ServerPair): Promise<void> {
  await mustRun(servers, "data.sql");
}

async function mustRun(servers: ServerPair, file: string): Promise<void> {
  for (const each of readCaseFile(join(caseDirectory, file)).cases) {
    const divergences = await runCase(servers, each, "simple");
    if (divergences.length > 0) throw new Error(divergences.map(divergenceText).join("\n"));
  }
}

const tableNames = `
SELECT oid::regclass::text FROM pg_class
WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace IN ('public'::regnamespace, 'shop'::regnamespace)
ORDER BY 1`;

/** Whether a case writes as much as one row. */
export function mayWrite({ steps }: Case): boolean {
  return steps.some(({ sql }) =>
    /\b(insert|update|delete|merge|truncate|copy|create|alter|drop|execute|do)\b/i.test(sql),
  );
}

/** What rows the two servers do not have in common. */
export async function compareTables(servers: ServerPair, place: string): Promise<Divergence[]> {
  const sessions = await SessionPair.open(servers);
  try {
    const names = await sessions.compareRows(tableNames);
    const divergences: Divergence[] = [];
    const add = (sql: string, differences: readonly string[]) => {
      if (differences.length > 0) divergences.push({ place, sql, differences });
    };
    add(tableNames, names.differences);
    for (const [name] of names.rows) {
      const sql = `SELECT * FROM ${name}`;
      add(sql, (await sessions.compareRows(sql)).differences);
    }
    return divergences;
  } finally {
    sessions.close();
  }
}
