// The statements that record, on one shard, how a table is distributed. They run on every shard, in the transaction that
// distributes the table, by a role that owns it.
import type { Distribution, Relation } from "./snapshot.ts";
import { sqlName, sqlText } from "./sql-name.ts";

export function registerTableSql(relation: Pick<Relation, "schema" | "name">, distribution: Distribution): string {
  const table = `${sqlText(sqlName(relation))}::pg_catalog.regclass`;
  switch (distribution.kind) {
    case "unsharded":
      return `select shardgres.unregister_table(${table})`;
    case "reference":
      return `select shardgres.register_table(${table}, 'reference', null, null, null)`;
    case "distributed": {
      const { shardKey, types, colocationGroup } = distribution;
      const arrays = `${textArray(shardKey)}, ${textArray(types)}`;
      return `select shardgres.register_table(${table}, 'distributed', ${arrays}, ${colocationGroup})`;
    }
  }
}

function textArray(texts: readonly string[]): string {
  return `array[${texts.map((text) => sqlText(text)).join(", ")}]::text[]`;
}

/**
 * Asked of one shard, gives the text of statements that record the same on another which has the same tables: for a new or
 * restored shard, whose columns may have other numbers. Run that text as a superuser, in one transaction.
 */
export const metadataCopySql = `
select 'delete from shardgres.tables; delete from shardgres.colocation_groups;' || coalesce(string_agg(
  format('select shardgres.register_table(%L::regclass, %L, %L::text[], %L::text[], %L::integer);',
    format('%I.%I', n.nspname, c.relname), t.kind, key.names, g.types, t.colocation_group),
  '' order by t.colocation_group, c.oid), '')
from shardgres.tables t
  join pg_catalog.pg_class c on c.oid = t.relation
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join shardgres.colocation_groups g on g.id = t.colocation_group,
  lateral (
    select array_agg(a.attname order by k.position) as names
    from unnest(t.shard_key) with ordinality k (attnum, position)
      join pg_catalog.pg_attribute a on a.attrelid = t.relation and a.attnum = k.attnum
  ) key`;
