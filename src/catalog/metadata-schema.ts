// The schema `shardgres` that every shard's database carries: shard keys, colocation groups, reference tables, and what
// distributed transactions need (transaction-schema.ts). Everybody may read it. A user writes only through SECURITY
// DEFINER functions, which check that the role that calls owns the table.
//
// Who calls: inside a SECURITY DEFINER function `current_user` is the definer, and an argument could be forged. But the
// setting "role" (what SET ROLE chose, which PostgreSQL has checked; else the session's user) is not changed by entering
// such a function. If X calls a SECURITY DEFINER function of Y that registers X's table, the check says yes although Y
// asked; that gives Y nothing, since a plain function of Y, called by X, runs with all of X's rights anyway.

import { clientPreparedSchemaSql } from "./client-prepared-schema.ts";
import { transactionSchemaSql } from "./transaction-schema.ts";

/** Roles keep their hands off: this text is run by a superuser, who then owns the schema. */
export const schemaSql = `
select pg_catalog.pg_advisory_xact_lock(7308332045291);

do $check$
declare
  wrong_owner name;
begin
  if not (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
    raise exception 'the schema of Shardgres must be made by a superuser' using errcode = 'insufficient_privilege';
  end if;
  select r.rolname into wrong_owner
    from pg_catalog.pg_namespace n join pg_catalog.pg_roles r on r.oid = n.nspowner
    where n.nspname = 'shardgres' and not r.rolsuper;
  if found then
    raise exception 'schema "shardgres" belongs to "%", who is not a superuser', wrong_owner
      using errcode = 'insufficient_privilege', hint = 'Rename or drop that schema.';
  end if;
end
$check$;

create schema if not exists shardgres;
revoke all on schema shardgres from public;
grant usage on schema shardgres to public;
`;

/**
 * Columns of a shard key are stored by number, so that renaming needs nothing; the numbers are this shard's own, since a
 * restored shard may count dropped columns otherwise. Rows of dropped tables may be left over: read past them.
 */
const tablesSql = `
create table if not exists shardgres.colocation_groups (
  id integer primary key check (id > 0),
  types text[] not null check (cardinality(types) > 0)
);

create table if not exists shardgres.tables (
  relation regclass primary key,
  kind text not null check (kind in ('distributed', 'reference')),
  shard_key smallint[] check (cardinality(shard_key) > 0),
  colocation_group integer references shardgres.colocation_groups,
  check (kind <> 'distributed' or (shard_key is not null and colocation_group is not null)),
  check (kind <> 'reference' or (shard_key is null and colocation_group is null))
);

revoke all on shardgres.colocation_groups, shardgres.tables from public;
grant select on shardgres.colocation_groups, shardgres.tables to public;
`;

const callerSql = `
create or replace function shardgres.calling_role() returns name
language sql stable set search_path = pg_catalog, pg_temp
as $$
  select case current_setting('role') when 'none' then session_user else current_setting('role')::name end
$$;

create or replace function shardgres.check_table_owner(table_name regclass) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  owner oid;
begin
  select relowner into owner from pg_catalog.pg_class where oid = table_name;
  if not found then
    raise exception 'relation with OID % does not exist', table_name::oid using errcode = 'undefined_table';
  end if;
  if not pg_has_role(shardgres.calling_role(), owner, 'USAGE') then
    raise exception 'must be owner of table %', table_name using errcode = 'insufficient_privilege';
  end if;
end
$$;
`;

/**
 * filled_references: the unsharded tables with rows that have a foreign key to the table. The others are locked, so that
 * they stay without rows until the transaction ends. Rows of others may be invisible to the caller (row level security),
 * and the lock needs a right that he may not have: hence SECURITY DEFINER. It looks before it locks, since whoever inserts
 * a row may hold the one lock and wait for the other; volatile, so that it looks again with a new snapshot.
 */
const registerSql = `
create or replace function shardgres.lock_distribution() returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  lock table shardgres.tables in share row exclusive mode;
end
$$;

create or replace function shardgres.register_table(
  table_name regclass, table_kind text, key_columns text[], key_types text[], group_id integer
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  numbers smallint[];
  group_types text[];
begin
  perform shardgres.check_table_owner(table_name);
  if table_kind = 'distributed' then
    select array_agg(a.attnum order by k.position) into numbers
      from unnest(key_columns) with ordinality k (name, position)
      join pg_catalog.pg_attribute a on a.attrelid = table_name and a.attname = k.name and a.attnum > 0
        and not a.attisdropped;
    if cardinality(numbers) is distinct from cardinality(key_columns)
      or cardinality(key_types) is distinct from cardinality(key_columns) then
      raise exception 'no such columns in table %: %', table_name, key_columns using errcode = 'undefined_column';
    end if;
    insert into shardgres.colocation_groups (id, types) values (group_id, key_types) on conflict do nothing;
    select types into group_types from shardgres.colocation_groups where id = group_id;
    if group_types is distinct from key_types then
      raise exception 'colocation group % has key types %, not %', group_id, group_types, key_types
        using errcode = 'serialization_failure';
    end if;
  end if;
  insert into shardgres.tables (relation, kind, shard_key, colocation_group)
    values (table_name, table_kind, numbers, case table_kind when 'distributed' then group_id end)
    on conflict (relation) do update
      set kind = excluded.kind, shard_key = excluded.shard_key, colocation_group = excluded.colocation_group;
end
$$;

create or replace function shardgres.unregister_table(table_name regclass) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform shardgres.check_table_owner(table_name);
  delete from shardgres.tables where relation = table_name;
end
$$;

create or replace function shardgres.filled_references(table_name regclass) returns bigint[]
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  referencing regclass;
  has_rows boolean;
  filled bigint[] := '{}';
begin
  for referencing in
    select distinct f.conrelid from pg_catalog.pg_constraint f
    where f.contype = 'f' and f.conparentid = 0
      and (f.confrelid = table_name or f.confrelid in (select relid from pg_partition_tree(table_name)))
      and f.conrelid <> table_name and f.conrelid not in (select relid from pg_partition_tree(table_name))
      and not exists (
        select from shardgres.tables t
        where t.relation = f.conrelid or t.relation in (select relid from pg_partition_ancestors(f.conrelid) relid)
      )
  loop
    perform shardgres.check_table_owner(table_name);
    execute format('select exists (select from %s)', referencing) into has_rows;
    if not has_rows then
      execute format('lock table %s in share row exclusive mode', referencing);
      execute format('select exists (select from %s)', referencing) into has_rows;
    end if;
    if has_rows then
      filled := filled || referencing::oid::bigint;
    end if;
  end loop;
  return filled;
end
$$;

create or replace function shardgres.forget_dropped_tables() returns void
language sql security definer set search_path = pg_catalog, pg_temp
as $$
  delete from shardgres.tables t where not exists (select from pg_catalog.pg_class c where c.oid = t.relation)
$$;
`;

/** Makes or renews the schema in one database: run by a superuser, as one simple query; may run again at any time. */
export const metadataSchemaSql = [
  schemaSql,
  tablesSql,
  callerSql,
  registerSql,
  transactionSchemaSql,
  clientPreparedSchemaSql,
].join("");

/**
 * Taken on the home shard first, before the catalog is read to decide on a distribution: two such transactions follow
 * each other. Held until the end of the transaction; readers are not held up.
 */
export const lockDistributionSql = "select shardgres.lock_distribution()";

/** After DROP, in the same transaction, on every shard. */
export const forgetDroppedTablesSql = "select shardgres.forget_dropped_tables()";
