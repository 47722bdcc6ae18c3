// What is asked of a shard to know one database: one statement, one row, one column of JSON. Rows are arrays, to be
// short; their shapes are the types below. It runs with any role, and inside a user's transaction, so that DDL not yet
// committed is seen.

/** `catalogSql` gives this. Absent values are null. */
export interface CatalogDocument {
  readonly database: string;
  readonly defaultCollationBytewise: boolean;
  readonly relations: readonly RelationRow[];
  /** Relation and trigger function: oid, schema, name. */
  readonly triggers: readonly (readonly [number, string, string])[];
  readonly functions: readonly FunctionRow[];
  readonly distribution: readonly DistributionRow[];
}

export type RelationRow = readonly [
  oid: number,
  schema: string,
  name: string,
  /** pg_class.relkind */
  kind: string,
  parent: number | null,
  hasRules: boolean,
  definition: string | null,
  primaryKey: readonly string[] | null,
  columns: readonly ColumnRow[] | null,
];

export type ColumnRow = readonly [
  name: string,
  typeOid: number,
  typeModifier: number,
  typeName: string,
  bytewise: boolean,
  collation: string | null,
  notNull: boolean,
  identity: boolean,
  generated: boolean,
  /** As SQL. */
  defaultSql: string | null,
  /** The stored tree of the default; null when it is a plain constant. */
  defaultTree: string | null,
];

export type FunctionRow = readonly [
  oid: number,
  schema: string,
  name: string,
  /** pg_proc.prokind */
  kind: string,
  /** pg_proc.provolatile */
  volatility: string,
  language: string,
  body: string,
];

export type DistributionRow = readonly [
  oid: number,
  kind: "distributed" | "reference",
  /** null for a column that is no longer there. */
  columns: readonly (string | null)[] | null,
  typeOids: readonly (number | null)[] | null,
  colocationGroup: number | null,
];

/** "true" or "false": whether the database has the schema `shardgres`. */
export const hasMetadataSql = "select (to_regclass('shardgres.tables') is not null)::text";

/**
 * pg_get_viewdef, pg_get_expr and format_type leave out schemas that the search path makes needless, so the path is
 * emptied while they run and put back before the statement ends. `wait` and `done` chain the three steps: each reads what
 * the one before gives.
 */
export function catalogSql(options: { readonly hasMetadata: boolean }): string {
  return `
with path as materialized (
  select current_setting('search_path') as before, set_config('search_path', 'pg_catalog', true) as during
),
namespaces as materialized (
  select oid, nspname from pg_catalog.pg_namespace where nspname <> 'information_schema' and nspname !~ '^pg_'
),
relations as materialized (
  select c.oid, n.nspname, c.relname, c.relkind, c.relhasrules
  from pg_catalog.pg_class c join namespaces n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
),
bytewise_collations as materialized (${bytewiseCollations}),
columns as materialized (${columns}),
primary_keys as materialized (
  select i.indrelid, json_agg(a.attname order by k.position) as names
  from pg_catalog.pg_index i
    join relations r on r.oid = i.indrelid,
    unnest(i.indkey::int2[]) with ordinality k (attnum, position),
    pg_catalog.pg_attribute a
  where i.indisprimary and k.position <= i.indnkeyatts and a.attrelid = i.indrelid and a.attnum = k.attnum
  group by i.indrelid
),
parents as materialized (
  select inhrelid, min(inhparent::oid::bigint) as oid from pg_catalog.pg_inherits group by inhrelid
),
document as materialized (
  select json_build_object(
    'database', current_database(),
    'defaultCollationBytewise', exists (select from bytewise_collations where oid = 100),
    'relations', (${relations}),
    'triggers', (${triggers}),
    'functions', (${functions}),
    'distribution', (${options.hasMetadata ? distribution : "select json_build_array()"})
  )::text as text
  from path wait where wait.during is not null
)
select document.text
from document, lateral (
  select set_config('search_path', path.before, true) as after from path where document.text is not null
) done
where done.after is not null`;
}

/**
 * Collations under which text sorts by its bytes. The names of settings changed between PostgreSQL 16 and 17, hence the
 * detour over JSON. All locales of the builtin provider sort by code point, which in UTF-8 is byte order.
 */
const bytewiseCollations = `
  select c.oid
  from pg_catalog.pg_collation c,
    lateral (select to_jsonb(d) as d from pg_catalog.pg_database d where d.datname = current_database()) db,
    lateral (select case when c.collprovider = 'd' then db.d ->> 'datlocprovider' else c.collprovider::text end) p (provider),
    lateral (select case when c.collprovider = 'd' then db.d ->> 'datcollate' else c.collcollate end) l (name)
  where p.provider = 'b' or (p.provider = 'c' and l.name in ('C', 'POSIX'))`;

const columns = `
  select a.attrelid, json_agg(json_build_array(
      a.attname, a.atttypid::bigint, a.atttypmod, format_type(a.atttypid, a.atttypmod),
      case
        when a.attcollation = 0 then coalesce(element.typcategory, t.typcategory) not in ('C', 'R')
        else a.attcollation in (select oid from bytewise_collations)
          and case t.typtype when 'd' then t.typbasetype else t.oid end in (19, 25, 1043)
      end,
      case when a.attcollation not in (0, t.typcollation) then
        (select format('%I.%I', n.nspname, l.collname) from pg_catalog.pg_collation l
          join pg_catalog.pg_namespace n on n.oid = l.collnamespace where l.oid = a.attcollation)
      end,
      a.attnotnull and unproven.conrelid is null, a.attidentity <> '', a.attgenerated <> '',
      case
        when a.attgenerated <> '' then null
        when a.attidentity <> '' then identity.expression
        else pg_get_expr(coalesce(d.adbin, t.typdefaultbin), 0)
      end,
      case when a.attgenerated = '' and a.attidentity = '' then
        nullif(regexp_replace(coalesce(d.adbin, t.typdefaultbin)::text, '^{CONST.*', ''), '')
      end
    ) order by a.attnum) as list
  from path wait, relations r
    join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    join pg_catalog.pg_type t on t.oid = a.atttypid
    left join pg_catalog.pg_type element on element.oid = t.typelem and t.typcategory = 'A'
    left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum and a.atthasdef
    left join (
      select distinct conrelid, conkey[1] as attnum from pg_catalog.pg_constraint
      where contype = 'n' and not convalidated
    ) unproven on unproven.conrelid = a.attrelid and unproven.attnum = a.attnum
    left join (
      select s.refobjid, s.refobjsubid, format('nextval(%L::regclass)', s.objid::regclass::text) as expression
      from pg_catalog.pg_depend s
      where s.classid = 'pg_catalog.pg_class'::regclass and s.refclassid = 'pg_catalog.pg_class'::regclass
        and s.deptype = 'i' and s.refobjsubid > 0 and s.objid in (select oid from relations where relkind = 'S')
    ) identity on identity.refobjid = a.attrelid and identity.refobjsubid = a.attnum and a.attidentity <> ''
  where wait.during is not null
  group by a.attrelid`;

/** An inheritance child of several parents names one of them. */
const relations = `
      select coalesce(json_agg(json_build_array(
          r.oid::bigint, r.nspname, r.relname, r.relkind, parents.oid,
          r.relhasrules and exists (
            select from pg_catalog.pg_rewrite w where w.ev_class = r.oid and w.rulename <> '_RETURN'
          ),
          case when r.relkind in ('v', 'm') then pg_get_viewdef(r.oid) end,
          primary_keys.names, columns.list
        )), json_build_array())
      from relations r
        left join columns on columns.attrelid = r.oid
        left join primary_keys on primary_keys.indrelid = r.oid
        left join parents on parents.inhrelid = r.oid`;

/** Those that fire in an ordinary session; Shardgres's own triggers do not count. */
const triggers = `
      select coalesce(json_agg(json_build_array(t.tgrelid::bigint, n.nspname, p.proname)), json_build_array())
      from pg_catalog.pg_trigger t
        join pg_catalog.pg_proc p on p.oid = t.tgfoid
        join pg_catalog.pg_namespace n on n.oid = p.pronamespace
      where not t.tgisinternal and t.tgenabled in ('O', 'A') and n.nspname <> 'shardgres'
        and t.tgrelid in (select oid from relations)`;

const functions = `
      select coalesce(json_agg(json_build_array(
          p.oid::bigint, n.nspname, p.proname, p.prokind, p.provolatile, l.lanname,
          case when l.lanname in ('c', 'internal') then '' else coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) end
        )), json_build_array())
      from pg_catalog.pg_proc p
        join pg_catalog.pg_namespace n on n.oid = p.pronamespace
        join pg_catalog.pg_language l on l.oid = p.prolang
      where p.oid >= 16384 and n.nspname !~ '^pg_(temp|toast)'`;

const distribution = `
      select coalesce(json_agg(json_build_array(
          t.relation::oid::bigint, t.kind, key.names, key.types, t.colocation_group
        )), json_build_array())
      from shardgres.tables t join relations r on r.oid = t.relation,
        lateral (
          select json_agg(a.attname order by k.position) as names, json_agg(a.atttypid::bigint order by k.position) as types
          from unnest(t.shard_key) with ordinality k (attnum, position)
            left join pg_catalog.pg_attribute a
              on a.attrelid = t.relation and a.attnum = k.attnum and not a.attisdropped
        ) key`;
