// What must be known of a table, beyond the catalog snapshot, before it is distributed, made a reference table or
// undistributed: asked of the home shard in one statement, in the transaction that will do it.
import { sqlText } from "./sql-name.ts";

export interface DistributionFacts {
  readonly relation: number;
  /** As SQL. */
  readonly name: string;
  /** The table that `colocate_with` names; null when it names none. */
  readonly colocateWith: number | null;
  /** pg_class.relpersistence: "p" permanent, "u" unlogged, "t" temporary. Temporary tables are in no snapshot. */
  readonly persistence: string;
  readonly isPartition: boolean;
  /** Inheritance other than partitioning, upwards or downwards. */
  readonly inherits: boolean;
  readonly nondeterministicColumns: readonly string[];
  /** PRIMARY KEY, UNIQUE and EXCLUDE constraints and unique indexes, of the table and its partitions. */
  readonly uniqueIndexes: readonly UniqueIndexFact[];
  /** With the table or its partitions on one side; those that partitions inherit are not listed. */
  readonly foreignKeys: readonly ForeignKeyFact[];
  /** Unsharded tables with rows that have a foreign key to the table; others that have one are locked against writes. */
  readonly filledReferences: readonly number[];
  /** Policies, checks and defaults, of any table, that use tables or functions of users. */
  readonly expressions: readonly ExpressionFact[];
  /** Tables of which logical replication cannot tell rows apart, as SQL names: neither primary key nor FULL. */
  readonly withoutReplicaIdentity: readonly string[];
  /** Greater than any colocation group's number so far. */
  readonly nextColocationGroup: number;
}

export interface UniqueIndexFact {
  readonly name: string;
  readonly table: number;
  /** Columns compared by the plain equality of their type. */
  readonly columns: readonly string[];
}

export interface ForeignKeyFact {
  readonly name: string;
  readonly from: number;
  readonly fromColumns: readonly string[];
  readonly to: number;
  readonly toColumns: readonly string[];
  /** pg_constraint.confdeltype: "a" no action, "r" restrict, "c" cascade, "n" set null, "d" set default. */
  readonly onDelete: string;
  readonly onUpdate: string;
  /** Columns that ON DELETE SET NULL or SET DEFAULT is restricted to; null: all of `fromColumns`. */
  readonly onDeleteColumns: readonly string[] | null;
}

export interface ExpressionFact {
  /** "policy p", "constraint c", "default of column c" */
  readonly name: string;
  readonly table: number;
  readonly relations: readonly number[];
  /** Schema and name. */
  readonly functions: readonly (readonly [string, string])[];
}

/**
 * Gives DistributionFacts as JSON. The names are as regclass reads them, found along the search path of the session;
 * 42P01 when there is no such table. The schema `shardgres` must exist. Takes locks: see metadata-schema.ts.
 */
export function distributionFactsSql(table: string, colocateWith: string | undefined): string {
  const other = colocateWith === undefined ? "null" : regclass(colocateWith);
  return `
with recursive tree as (
  select ${regclass(table)}::oid as oid
  union
  select h.inhrelid from pg_catalog.pg_inherits h join tree t on t.oid = h.inhparent
    join pg_catalog.pg_class c on c.oid = h.inhrelid where c.relispartition
)
select json_build_object(
  'relation', c.oid::bigint,
  'name', c.oid::pg_catalog.regclass::text,
  'colocateWith', ${other}::oid::bigint,
  'persistence', c.relpersistence,
  'isPartition', c.relispartition,
  'inherits', exists (
    select from pg_catalog.pg_inherits h join pg_catalog.pg_class child on child.oid = h.inhrelid
    where not child.relispartition and (h.inhrelid = c.oid or h.inhparent = c.oid)
  ),
  'nondeterministicColumns', (
    select coalesce(json_agg(a.attname), '[]')
    from pg_catalog.pg_attribute a join pg_catalog.pg_collation l on l.oid = a.attcollation
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and not l.collisdeterministic
  ),
  'uniqueIndexes', (${uniqueIndexes}),
  'foreignKeys', (${foreignKeys}),
  'filledReferences', to_json(shardgres.filled_references(c.oid)),
  'expressions', (${expressions}),
  'withoutReplicaIdentity', (${withoutReplicaIdentity}),
  'nextColocationGroup', (select coalesce(max(id), 0) + 1 from shardgres.colocation_groups)
)::text
from pg_catalog.pg_class c where c.oid = ${regclass(table)}`;
}

export function parseDistributionFacts(json: string): DistributionFacts {
  return JSON.parse(json) as DistributionFacts;
}

function regclass(name: string): string {
  return `${sqlText(name)}::pg_catalog.regclass`;
}

/** The names of the columns with these numbers, in this order. */
function columnNames(relation: string, numbers: string): string {
  return `(
      select json_agg(a.attname order by k.position)
      from unnest(${numbers}) with ordinality k (attnum, position)
        join pg_catalog.pg_attribute a on a.attrelid = ${relation} and a.attnum = k.attnum
    )`;
}

/**
 * A column counts if equal shard keys are equal in the index: with the = operator (EXCLUDE, WITHOUT OVERLAPS), a built-in
 * operator class and a deterministic collation. Key columns come before INCLUDE; expressions have number 0.
 */
const uniqueIndexes = `
    select coalesce(json_agg(json_build_object(
      'name', coalesce(n.conname, x.relname), 'table', i.indrelid::bigint,
      'columns', (
        select coalesce(json_agg(a.attname), '[]')
        from generate_series(0, i.indnkeyatts - 1) k (position)
          join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[k.position]
          left join pg_catalog.pg_collation l on l.oid = i.indcollation[k.position]
          left join pg_catalog.pg_operator o on o.oid = n.conexclop[k.position + 1]
        where l.collisdeterministic is not false
          and case
            when n.conexclop is null then i.indclass[k.position] < 16384
            else o.oprname = '=' and o.oprnamespace = 'pg_catalog'::regnamespace
          end
      )
    )), '[]')
    from tree t
      join pg_catalog.pg_index i on i.indrelid = t.oid
      join pg_catalog.pg_class x on x.oid = i.indexrelid
      left join pg_catalog.pg_constraint n on n.conindid = i.indexrelid and n.contype in ('p', 'u', 'x')
    where i.indisunique or i.indisexclusion`;

const foreignKeys = `
    select coalesce(json_agg(json_build_object(
      'name', f.conname,
      'from', f.conrelid::bigint, 'fromColumns', ${columnNames("f.conrelid", "f.conkey")},
      'to', f.confrelid::bigint, 'toColumns', ${columnNames("f.confrelid", "f.confkey")},
      'onDelete', f.confdeltype, 'onUpdate', f.confupdtype,
      'onDeleteColumns', ${columnNames("f.conrelid", "f.confdelsetcols")}
    )), '[]')
    from pg_catalog.pg_constraint f
    where f.contype = 'f' and f.conparentid = 0
      and (f.conrelid in (select oid from tree) or f.confrelid in (select oid from tree))`;

/** An operator or type of a user would hide the functions behind it; only direct dependencies are recorded. */
const expressions = `
    select coalesce(json_agg(json_build_object(
      'name', e.name, 'table', e.relation::bigint, 'relations', u.relations, 'functions', u.functions
    )), '[]')
    from (
      select 'pg_catalog.pg_policy'::regclass as class, p.oid, p.polrelid as relation, format('policy "%s"', p.polname) as name
      from pg_catalog.pg_policy p
      union all
      select 'pg_catalog.pg_constraint'::regclass, k.oid, k.conrelid, format('constraint "%s"', k.conname)
      from pg_catalog.pg_constraint k where k.contype = 'c' and k.conrelid <> 0
      union all
      select 'pg_catalog.pg_attrdef'::regclass, d.oid, d.adrelid, format('default of column "%s"', a.attname)
      from pg_catalog.pg_attrdef d join pg_catalog.pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
    ) e join lateral (
      select
        coalesce(json_agg(distinct r.oid::bigint) filter (where r.oid is not null), '[]') as relations,
        coalesce(
          json_agg(json_build_array(n.nspname, f.proname)) filter (where f.oid is not null), '[]'
        ) as functions
      from pg_catalog.pg_depend d
        left join pg_catalog.pg_class r on d.refclassid = 'pg_catalog.pg_class'::regclass and r.oid = d.refobjid
          and r.oid <> e.relation and r.relkind <> 'S'
        left join pg_catalog.pg_proc f on d.refclassid = 'pg_catalog.pg_proc'::regclass and f.oid = d.refobjid
        left join pg_catalog.pg_namespace n on n.oid = f.pronamespace
      where d.classid = e.class and d.objid = e.oid and (r.oid is not null or f.oid is not null)
      having count(*) > 0
    ) u on true`;

/** Only tables with rows of their own: of a partitioned table its partitions. */
const withoutReplicaIdentity = `
    select coalesce(json_agg(format('%I.%I', n.nspname, r.relname)), '[]')
    from tree t join pg_catalog.pg_class r on r.oid = t.oid join pg_catalog.pg_namespace n on n.oid = r.relnamespace
    where r.relkind = 'r' and (
      r.relreplident = 'n' or r.relreplident = 'd' and not exists (
        select from pg_catalog.pg_index i where i.indrelid = r.oid and i.indisprimary
      )
    )`;
