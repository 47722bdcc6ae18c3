// What is asked of a shard to know one database: one statement, one row, one column of JSON. Rows are arrays, to be
// short; their shapes are the types below. It runs with any role, and inside a user's transaction, so that DDL not yet
// committed is seen.

/** `catalogSql` gives this. Absent values are null. */
export interface CatalogDocument {
  readonly database: string;
  readonly defaultCollationBytewise: boolean;
  readonly relations: readonly RelationRow[];
  readonly columns: readonly ColumnsRow[];
  /** The distinct types of those columns. */
  readonly types: readonly TypeRow[];
  readonly defaults: readonly DefaultRow[];
  /** Relation, column number, sequence as regclass writes it. */
  readonly identities: readonly (readonly [number, number, string])[];
  /** Relation, column number: columns whose NOT NULL has not been validated. */
  readonly unprovenNotNull: readonly (readonly [number, number])[];
  /** Relation, column numbers. */
  readonly primaryKeys: readonly (readonly [number, readonly number[]])[];
  readonly foreignKeys: readonly ForeignKeyRow[];
  /** Relation, schema and name of the trigger function. */
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
];

/** All columns of one relation, an array for each property, which PostgreSQL writes much faster than the other way. */
export type ColumnsRow = readonly [
  relation: number,
  numbers: readonly number[],
  names: readonly string[],
  typeOids: readonly number[],
  typeModifiers: readonly number[],
  collations: readonly number[],
  /** 1: not null; 2: identity; 4: generated */
  flags: readonly number[],
];

export type TypeRow = readonly [
  oid: number,
  modifier: number,
  collation: number,
  name: string,
  bytewise: boolean,
  /** The collation as SQL, unless it is the type's own. */
  collationSql: string | null,
  /** A domain's default, and its tree. */
  defaultSql: string | null,
  defaultTree: string | null,
];

/** One default and all the columns that have it: columns[i] of relations[i]. */
export type DefaultRow = readonly [
  sql: string,
  /** As stored. */
  tree: string,
  relations: readonly number[],
  columns: readonly number[],
];

export type ForeignKeyRow = readonly [
  from: number,
  fromColumns: readonly number[],
  to: number,
  toColumns: readonly number[],
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
  relation: number,
  kind: "distributed" | "reference",
  shardKey: readonly number[] | null,
  colocationGroup: number | null,
];

/** "true" or "false": whether the database has the schema `shardgres`. */
export const hasMetadataSql = "select (to_regclass('shardgres.tables') is not null)::text";

/**
 * pg_get_viewdef, pg_get_expr and format_type leave out schemas that the search path makes needless, so the path is
 * emptied while they run and put back before the statement ends: each of the three steps reads what the one before gives.
 */
export function catalogSql(options: { readonly hasMetadata: boolean }): string {
  return `
with path as materialized (
  select current_setting('search_path') as before, set_config('search_path', 'pg_catalog', true) as during
),
relations as materialized (
  select c.oid, n.nspname, c.relname, c.relkind, c.relhasrules
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
),
columns as materialized (
  select a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.attidentity,
    a.attgenerated
  from pg_catalog.pg_attribute a join relations r on r.oid = a.attrelid
  where a.attnum > 0 and not a.attisdropped and r.relkind <> 'S'
),
bytewise_collations as materialized (${bytewiseCollations}),
document as materialized (
  select json_build_object(
    'database', current_database(),
    'defaultCollationBytewise', exists (select from bytewise_collations where oid = 100),
    'relations', (${relations}),
    'columns', (${columns}),
    'types', (${types}),
    'defaults', (${defaults}),
    'identities', (${identities}),
    'unprovenNotNull', (${unprovenNotNull}),
    'primaryKeys', (${primaryKeys}),
    'foreignKeys', (${foreignKeys}),
    'triggers', (${triggers}),
    'functions', (${functions}),
    'distribution', (${options.hasMetadata ? distribution : "select json_build_array()"})
  )::text as text
  from path where path.during is not null
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
    (select to_jsonb(d) as settings from pg_catalog.pg_database d where d.datname = current_database()) database,
    lateral (select
      case when c.collprovider = 'd' then settings ->> 'datlocprovider' else c.collprovider::text end as provider,
      case when c.collprovider = 'd' then settings ->> 'datcollate' else c.collcollate end as locale
    ) effective
  where provider = 'b' or (provider = 'c' and locale in ('C', 'POSIX'))`;

/** An inheritance child of several parents names one of them. */
const relations = `
      select coalesce(json_agg(json_build_array(
          r.oid::bigint, r.nspname, r.relname, r.relkind,
          (select min(h.inhparent::bigint) from pg_catalog.pg_inherits h where h.inhrelid = r.oid),
          r.relhasrules and exists (
            select from pg_catalog.pg_rewrite w where w.ev_class = r.oid and w.rulename <> '_RETURN'
          ),
          case when r.relkind in ('v', 'm') then pg_get_viewdef(r.oid) end
        )), '[]')
      from relations r`;

const columns = `
      select coalesce(json_agg(json_build_array(
          c.attrelid::bigint, c.numbers, c.names, c.types, c.modifiers, c.collations, c.flags
        )), '[]')
      from (
        select attrelid,
          array_agg(attnum order by attnum) as numbers,
          array_agg(attname order by attnum) as names,
          array_agg(atttypid::bigint order by attnum) as types,
          array_agg(atttypmod order by attnum) as modifiers,
          array_agg(attcollation::bigint order by attnum) as collations,
          array_agg(
            attnotnull::int + case attidentity when '' then 0 else 2 end + case attgenerated when '' then 0 else 4 end
            order by attnum
          ) as flags
        from columns group by attrelid
      ) c`;

/** Text under a bytewise collation; composite types and ranges have no collation of their own but may contain text. */
const types = `
      select coalesce(json_agg(json_build_array(
          t.oid::bigint, c.atttypmod, c.attcollation::bigint, format_type(c.atttypid, c.atttypmod),
          case
            when c.attcollation = 0 then coalesce(element.typcategory, t.typcategory) not in ('C', 'R')
            else c.attcollation in (select oid from bytewise_collations)
              and case t.typtype when 'd' then t.typbasetype else t.oid end in (19, 25, 1043)
          end,
          case when c.attcollation not in (0, t.typcollation) then
            (select format('%I.%I', n.nspname, l.collname) from pg_catalog.pg_collation l
              join pg_catalog.pg_namespace n on n.oid = l.collnamespace where l.oid = c.attcollation)
          end,
          pg_get_expr(t.typdefaultbin, 0), t.typdefaultbin::text
        )), '[]')
      from (select distinct atttypid, atttypmod, attcollation from columns) c
        join pg_catalog.pg_type t on t.oid = c.atttypid
        left join pg_catalog.pg_type element on element.oid = t.typelem and t.typcategory = 'A'`;

/** Many columns share a default, and to write one as SQL costs more than to compare trees. */
const defaults = `
      select coalesce(json_agg(json_build_array(
          pg_get_expr(example.adbin, 0), d.tree, d.relations, d.numbers
        )), '[]')
      from (
        select d.adbin::text as tree, min(d.oid) as example, array_agg(d.adrelid::bigint) as relations, array_agg(d.adnum) as numbers
        from pg_catalog.pg_attrdef d
          join columns c on c.attrelid = d.adrelid and c.attnum = d.adnum and c.attgenerated = ''
        group by d.adbin::text
      ) d join pg_catalog.pg_attrdef example on example.oid = d.example`;

const identities = `
      select coalesce(json_agg(json_build_array(c.attrelid::bigint, c.attnum, d.objid::regclass::text)), '[]')
      from pg_catalog.pg_depend d join columns c on c.attrelid = d.refobjid and c.attnum = d.refobjsubid
      where c.attidentity <> '' and d.classid = 'pg_catalog.pg_class'::regclass
        and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype = 'i'`;

/** PostgreSQL 18 has them. */
const unprovenNotNull = `
      select coalesce(json_agg(json_build_array(conrelid::bigint, conkey[1])), '[]')
      from pg_catalog.pg_constraint where contype = 'n' and not convalidated`;

const primaryKeys = `
      select coalesce(json_agg(json_build_array(
          i.indrelid::bigint, (i.indkey::int2[])[0:i.indnkeyatts - 1]
        )), '[]')
      from pg_catalog.pg_index i join relations r on r.oid = i.indrelid
      where i.indisprimary`;

/** Also those that partitions have from their parents. */
const foreignKeys = `
      select coalesce(json_agg(json_build_array(
          f.conrelid::bigint, f.conkey, f.confrelid::bigint, f.confkey
        ) order by f.conparentid, f.oid), '[]')
      from pg_catalog.pg_constraint f join relations r on r.oid = f.conrelid
      where f.contype = 'f'`;

/** Those that fire in an ordinary session; Shardgres's own triggers do not count. */
const triggers = `
      select coalesce(json_agg(json_build_array(t.tgrelid::bigint, n.nspname, p.proname)), '[]')
      from pg_catalog.pg_trigger t
        join relations r on r.oid = t.tgrelid
        join pg_catalog.pg_proc p on p.oid = t.tgfoid
        join pg_catalog.pg_namespace n on n.oid = p.pronamespace
      where not t.tgisinternal and t.tgenabled in ('O', 'A') and n.nspname <> 'shardgres'`;

/** Temporary functions belong to their session. */
const functions = `
      select coalesce(json_agg(json_build_array(
          p.oid::bigint, n.nspname, p.proname, p.prokind, p.provolatile, l.lanname,
          case when l.lanname in ('c', 'internal') then '' else coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) end
        )), '[]')
      from pg_catalog.pg_proc p
        join pg_catalog.pg_namespace n on n.oid = p.pronamespace
        join pg_catalog.pg_language l on l.oid = p.prolang
      where p.oid >= 16384 and n.nspname !~ '^pg_temp'`;

const distribution = `
      select coalesce(json_agg(json_build_array(
          t.relation::oid::bigint, t.kind, t.shard_key, t.colocation_group
        )), '[]')
      from shardgres.tables t join relations r on r.oid = t.relation`;
