// While rows move between shards they are not new: the triggers that users made do not fire. Foreign keys are checked.

import type { Relation } from "../catalog/snapshot.ts";
import { sqlName, sqlText } from "../catalog/sql-name.ts";
import type { Participant } from "../transaction/participant.ts";

interface EnabledTrigger {
  /** Both as SQL. */
  readonly table: string;
  readonly trigger: string;
  /** pg_trigger.tgenabled: "O" or "A" (always). */
  readonly enabled: string;
}

/** The triggers of the table and its partitions are off on all participants while `move` runs. */
export async function withoutTriggers(
  relation: Relation,
  home: Participant,
  participants: readonly Participant[],
  move: () => Promise<void>,
): Promise<void> {
  const triggers = JSON.parse(await home.queryText(triggersSql(relation))) as readonly EnabledTrigger[];
  if (triggers.length === 0) return move();
  const off = triggers.map(({ table, trigger }) => `ALTER TABLE ONLY ${table} DISABLE TRIGGER ${trigger}`);
  const on = triggers.map(
    ({ table, trigger, enabled }) =>
      `ALTER TABLE ONLY ${table} ENABLE ${enabled === "A" ? "ALWAYS " : ""}TRIGGER ${trigger}`,
  );
  await Promise.all(participants.map((participant) => participant.run(off.join("; "))));
  await move();
  // ALTER TABLE is refused while checks of deferred constraints are pending.
  const sql = ["SET CONSTRAINTS ALL IMMEDIATE", ...on].join("; ");
  await Promise.all(participants.map((participant) => participant.run(sql)));
}

function triggersSql(relation: Relation): string {
  return `
with recursive tree as (
  select ${sqlText(sqlName(relation))}::pg_catalog.regclass::oid as oid
  union
  select h.inhrelid from pg_catalog.pg_inherits h join tree t on t.oid = h.inhparent
)
select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
  'table', pg_catalog.format('%I.%I', n.nspname, c.relname),
  'trigger', pg_catalog.quote_ident(g.tgname),
  'enabled', g.tgenabled
)), '[]')::text
from pg_catalog.pg_trigger g
  join tree t on t.oid = g.tgrelid
  join pg_catalog.pg_class c on c.oid = g.tgrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where not g.tgisinternal and g.tgenabled in ('O', 'A')`;
}
