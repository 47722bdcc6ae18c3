// Sequences of distributed tables' columns: every shard draws from its own part of the values. Counted from the sequence's
// START in steps of the INCREMENT that the user chose, the n-th value belongs to the shard whose ordinal is n modulo the
// stride; so a shard that comes later finds its own values free. The present INCREMENT is the user's times the stride.
import type { QueryText } from "./query-text.ts";
import { refuseDistribution } from "./refusals.ts";
import type { Relation } from "./snapshot.ts";
import { sqlName, sqlText } from "./sql-name.ts";

const bigintStride = 1024n;
const integerStride = 64n;

export interface SequenceFacts {
  /** As SQL. */
  readonly name: string;
  readonly start: string;
  readonly increment: string;
  readonly cycles: boolean;
  /** The sequence, or a column that it fills, is of this type. */
  readonly isSmallint: boolean;
  readonly isInteger: boolean;
}

/** Where a sequence stands on one shard. */
export interface SequenceState {
  readonly last: bigint;
  /** `last` has been given out. */
  readonly isCalled: boolean;
}

/**
 * The sequences that the table and its partitions draw from, without those that another distributed table shares. Throws
 * SqlError when there may be others that cannot be found.
 */
export async function sequencesOf(relation: Relation, query: QueryText): Promise<readonly SequenceFacts[]> {
  const root = `select ${sqlText(sqlName(relation))}::pg_catalog.regclass::oid`;
  const { late, sequences } = JSON.parse(await query(sequencesSql(root))) as SequencesDocument;
  if (late.length > 0) throw refuseDistribution("SG133", late.join(", "));
  return sequences.filter(({ isShared }) => !isShared);
}

/** From these statements on, nobody else draws from the sequences until the transaction ends. */
export function lockSequencesSql(sequences: readonly SequenceFacts[]): string[] {
  // There is no LOCK for sequences; every ALTER takes SHARE ROW EXCLUSIVE.
  return sequences.map((sequence) => `alter sequence ${sequence.name} increment by ${sequence.increment}`);
}

/** Of one shard, in the order of the sequences. */
export async function sequenceStates(sequences: readonly SequenceFacts[], query: QueryText): Promise<SequenceState[]> {
  if (sequences.length === 0) return [];
  const states = sequences.map(
    ({ name }) => `(select pg_catalog.json_build_array(last_value::text, is_called) from ${name})`,
  );
  const json = await query(`select pg_catalog.json_build_array(${states.join(", ")})::text`);
  return (JSON.parse(json) as [string, boolean][]).map(([last, isCalled]) => ({ last: BigInt(last), isCalled }));
}

/**
 * The statements for each shard that share the sequences out; `states` by shard, in the order of `ordinals`. Throws SqlError
 * for a sequence that cannot be shared out.
 */
export function shareOutSql(
  sequences: readonly SequenceFacts[],
  states: readonly (readonly SequenceState[])[],
  ordinals: readonly number[],
): string[][] {
  const statements: string[][] = ordinals.map(() => []);
  for (const [i, sequence] of sequences.entries()) {
    if (sequence.isSmallint) throw refuseDistribution("SG130", sequence.name);
    if (sequence.cycles) throw refuseDistribution("SG132", sequence.name);
    const stride = strideOf(sequence);
    const start = BigInt(sequence.start);
    const increment = BigInt(sequence.increment);
    const next = largest(states.map((of) => nextStep(start, increment, of[i]!)));
    for (const [shard, ordinal] of ordinals.entries()) {
      const first = firstStepOf(sequence, ordinal, next);
      statements[shard]!.push(alterSql(sequence, increment * stride, start + increment * first));
    }
  }
  return statements;
}

/** The reverse: every sequence goes on behind all values that any shard has given out. */
export function joinSql(sequences: readonly SequenceFacts[], states: readonly (readonly SequenceState[])[]): string[] {
  const statements: string[] = [];
  for (const [i, sequence] of sequences.entries()) {
    const stride = strideOf(sequence);
    const shared = BigInt(sequence.increment);
    // Somebody has changed it since: then it is theirs.
    if (shared % stride !== 0n) continue;
    const start = BigInt(sequence.start);
    const increment = shared / stride;
    const of = states.map((shard) => shard[i]!);
    const used = of.filter(({ isCalled }) => isCalled).map((state) => nextStep(start, increment, state));
    const unused = of.filter(({ isCalled }) => !isCalled).map((state) => nextStep(start, increment, state));
    // What a shard has not begun to use lies behind all that was used before the sequence was shared out.
    const next = unused.length === 0 ? largest(used) : largest([...used, smallest(unused)]);
    statements.push(alterSql(sequence, increment, start + increment * next));
  }
  return statements;
}

/**
 * Asked of the home shard: the statements that give a new shard, which has the schema already, its part of every shared
 * sequence. Throws SqlError when its ordinal is too high for one of them.
 */
export async function newShardSequencesSql(query: QueryText, ordinal: number): Promise<string[]> {
  const roots = "select relation::oid from shardgres.tables where kind = 'distributed'";
  const { sequences } = JSON.parse(await query(sequencesSql(roots))) as SequencesDocument;
  const states = await sequenceStates(sequences, query);
  return sequences.flatMap((sequence, i) => {
    const shared = BigInt(sequence.increment);
    const stride = strideOf(sequence);
    if (shared % stride !== 0n) return [];
    const start = BigInt(sequence.start);
    const increment = shared / stride;
    const first = firstStepOf(sequence, ordinal, nextStep(start, increment, states[i]!));
    return alterSql(sequence, shared, start + increment * first);
  });
}

interface SequencesDocument {
  /** Columns whose default calls nextval with a text. */
  readonly late: readonly string[];
  readonly sequences: readonly (SequenceFacts & {
    /** Another distributed table draws from it as well. */
    readonly isShared: boolean;
  })[];
}

function strideOf(sequence: SequenceFacts): bigint {
  return sequence.isInteger || sequence.isSmallint ? integerStride : bigintStride;
}

/** Steps from the start to the next value: to one that is certainly free, where it lies between two steps. */
function nextStep(start: bigint, increment: bigint, { last, isCalled }: SequenceState): bigint {
  const distance = last - start;
  const isBeyond = distance % increment !== 0n && distance > 0n === increment > 0n;
  return distance / increment + (isBeyond || isCalled ? 1n : 0n);
}

/** The first step from `next` on that belongs to the shard. */
function firstStepOf(sequence: SequenceFacts, ordinal: number, next: bigint): bigint {
  const stride = strideOf(sequence);
  if (ordinal >= stride) throw refuseDistribution("SG131", sequence.name);
  const ahead = (BigInt(ordinal) - next) % stride;
  return next + (ahead < 0n ? ahead + stride : ahead);
}

function largest(values: readonly bigint[]): bigint {
  let found = values[0]!;
  for (const value of values) if (value > found) found = value;
  return found;
}

function smallest(values: readonly bigint[]): bigint {
  let found = values[0]!;
  for (const value of values) if (value < found) found = value;
  return found;
}

function alterSql({ name }: SequenceFacts, increment: bigint, value: bigint): string {
  return `alter sequence ${name} increment by ${increment} restart with ${value}`;
}

/** Of tables and their partitions: sequences in defaults, and those of identity columns. `roots` gives object ids. */
function sequencesSql(roots: string): string {
  return `
with recursive tree as (
  select root.oid from (${roots}) as root (oid)
  union
  select h.inhrelid from pg_catalog.pg_inherits h join tree t on t.oid = h.inhparent
), uses as (
  select d.refobjid as sequence, ad.adrelid as relation, ad.adnum as attnum
  from pg_catalog.pg_depend d
    join pg_catalog.pg_attrdef ad on d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and d.objid = ad.oid
    join pg_catalog.pg_class s on s.oid = d.refobjid and s.relkind = 'S'
  where d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  union
  select d.objid, d.refobjid, d.refobjsubid
  from pg_catalog.pg_depend d join pg_catalog.pg_class s on s.oid = d.objid and s.relkind = 'S'
  where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype = 'i'
), used as (
  select u.sequence,
    bool_or(a.atttypid = 'int2'::pg_catalog.regtype) as is_smallint,
    bool_or(a.atttypid = 'int4'::pg_catalog.regtype) as is_integer
  from uses u join pg_catalog.pg_attribute a on a.attrelid = u.relation and a.attnum = u.attnum
  where u.relation in (select oid from tree)
  group by u.sequence
)
select pg_catalog.json_build_object(
  'late', (
    select coalesce(pg_catalog.json_agg(pg_catalog.format('%s of %s', a.attname, ad.adrelid::pg_catalog.regclass)), '[]')
    from pg_catalog.pg_attrdef ad
      join pg_catalog.pg_attribute a on a.attrelid = ad.adrelid and a.attnum = ad.adnum
    where ad.adrelid in (select oid from tree)
      and pg_catalog.pg_get_expr(ad.adbin, ad.adrelid) ~ 'nextval\\('
      and not exists (select from uses u where u.relation = ad.adrelid and u.attnum = ad.adnum)
  ),
  'sequences', (
    select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
      'name', pg_catalog.format('%I.%I', n.nspname, c.relname),
      'start', s.seqstart::text,
      'increment', s.seqincrement::text,
      'cycles', s.seqcycle,
      'isSmallint', u.is_smallint or s.seqtypid = 'int2'::pg_catalog.regtype,
      'isInteger', u.is_integer or s.seqtypid = 'int4'::pg_catalog.regtype,
      'isShared', exists (
        select from uses other join shardgres.tables t on t.relation = other.relation and t.kind = 'distributed'
        where other.sequence = u.sequence and other.relation not in (select oid from tree)
      )
    ) order by c.oid), '[]')
    from used u
      join pg_catalog.pg_sequence s on s.seqrelid = u.sequence
      join pg_catalog.pg_class c on c.oid = u.sequence
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  )
)::text`;
}
