// The tables that every driver is tried on: the same columns, of the types that drivers convert, in an unsharded, a
// distributed and a reference table.
import type pg from "pg";
import { runAll } from "./cluster-clients.ts";

export const tableKinds = ["unsharded", "distributed", "reference"] as const;
export type TableKind = (typeof tableKinds)[number];

/** Makes the tables `thing_unsharded`, `thing_distributed` and `thing_reference`, each with rows 1 to 60. */
export async function makeDriverTables(client: pg.Client): Promise<void> {
  for (const kind of tableKinds) {
    await client.query(`create table thing_${kind} (
      id integer primary key,
      word text,
      big bigint,
      amount numeric(12, 3),
      ratio double precision,
      flag boolean,
      at timestamptz,
      day date,
      bytes bytea,
      uid uuid,
      doc jsonb,
      tags text[],
      numbers integer[]
    )`);
  }
  await runAll(
    client,
    "select create_distributed_table('thing_distributed', 'id')",
    "select create_reference_table('thing_reference')",
    ...tableKinds.map(refill),
  );
}

/** SQL that gives rows 1 to 60 to an empty table. */
function refill(kind: TableKind): string {
  return `insert into thing_${kind} (id, word, big, flag, tags)
    select n, 'word ' || n, n::bigint * 10000000000, n % 2 = 0, array['t' || n, null] from generate_series(1, 60) n`;
}

/** Back to rows 1 to 60. */
export async function restoreDriverTables(client: pg.Client): Promise<void> {
  for (const kind of tableKinds) await runAll(client, `truncate thing_${kind}`, refill(kind));
}
