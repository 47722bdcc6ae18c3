// Sequences of a distributed table's columns: every shard draws from its own part of the values. Counted from the
// sequence's START in steps of its INCREMENT, the n-th value belongs to the shard whose ordinal is n modulo the stride; so a
// shard that comes later finds its own values free. The increment that the user chose is the present one divided by
// the stride.

import type { Relation } from "../catalog/snapshot.ts";
import { sqlName } from "../catalog/sql-name.ts";
import { refuse } from "../planner/refuse.ts";
import { quoteLiteral } from "../sql/names.ts";
import type { Topology } from "../topology/snapshot.ts";
import type { Participant } from "../transaction/participant.ts";

const bigintStride = 1024n;
const integerStride = 64n;

interface SequenceFacts {
  /** As SQL. */
  readonly name: string;
  readonly start: string;
  readonly increment: string;
  readonly cycles: boolean;
  /** The sequence, or a column that it fills, is of this type. */
  readonly isSmallint: boolean;
  readonly isInteger: boolean;
  /** Another distributed table draws from it as well. */
  readonly isShared: boolean;
}

interface SequenceState {
  readonly last: bigint;
  /** `last` has been given out. */
  readonly isCalled: boolean;
}

/** To be called on a table that is about to be distributed, with all its participants. Throws refusals. */
export async function shareOutSequences(
  relation: Relation,
  topology: Topology,
  home: Participant,
  participants: readonly Participant[],
): Promise<void> {
  const sequences = await ownSequences(relation, home);
  const states = await statesOf(sequences, participants);
  const ordinals = participants.map(({ shard }) => topology.shards.get(shard)!.ordinal);
  const statements: string[][] = participants.map(() => []);
  for (const [i, sequence] of sequences.entries()) {
    if (sequence.isSmallint) throw refuse("SG152", sequence.name);
    if (sequence.cycles) throw refuse("SG154", sequence.name);
    const stride = strideOf(sequence);
    if (ordinals.some((ordinal) => ordinal >= stride)) throw refuse("SG153", sequence.name);
    const start = BigInt(sequence.start);
    const increment = BigInt(sequence.increment);
    let next = stepsFrom(start, increment, states[0]![i]!.last);
    for (const of of states) {
      const step = stepsFrom(start, increment, of[i]!.last) + (of[i]!.isCalled ? 1n : 0n);
      if (step > next) next = step;
    }
    for (const [shard, ordinal] of ordinals.entries()) {
      const first = next + modulo(BigInt(ordinal) - next, stride);
      statements[shard]!.push(alterSql(sequence.name, increment * stride, start + increment * first));
    }
  }
  await runAll(participants, statements);
}

/** The reverse: one sequence goes on behind all values that any shard has given out. */
export async function joinSequences(
  relation: Relation,
  home: Participant,
  participants: readonly Participant[],
): Promise<void> {
  const sequences = await ownSequences(relation, home);
  const states = await statesOf(sequences, participants);
  const statements: string[] = [];
  for (const [i, sequence] of sequences.entries()) {
    const stride = strideOf(sequence);
    const shared = BigInt(sequence.increment);
    // Somebody has changed it since: then it is theirs.
    if (shared % stride !== 0n) continue;
    const start = BigInt(sequence.start);
    const increment = shared / stride;
    let next: bigint | undefined;
    let lowestUnused: bigint | undefined;
    for (const of of states) {
      const step = stepsFrom(start, increment, of[i]!.last);
      if (of[i]!.isCalled) next = next === undefined || step + 1n > next ? step + 1n : next;
      else if (lowestUnused === undefined || step < lowestUnused) lowestUnused = step;
    }
    // What no shard has used yet lies behind all that was used before the sequence was shared out.
    if (next === undefined || (lowestUnused !== undefined && lowestUnused > next)) next = lowestUnused ?? 0n;
    statements.push(alterSql(sequence.name, increment, start + increment * next));
  }
  await runAll(
    participants,
    participants.map(() => statements),
  );
}

function strideOf(sequence: SequenceFacts): bigint {
  return sequence.isInteger || sequence.isSmallint ? integerStride : bigintStride;
}

/** Steps from the start to a value, or beyond it where it lies between two steps. */
function stepsFrom(start: bigint, increment: bigint, value: bigint): bigint {
  const distance = value - start;
  const steps = distance / increment;
  return distance % increment !== 0n && distance > 0n === increment > 0n ? steps + 1n : steps;
}

function modulo(value: bigint, divisor: bigint): bigint {
  return ((value % divisor) + divisor) % divisor;
}

function alterSql(name: string, increment: bigint, value: bigint): string {
  return `ALTER SEQUENCE ${name} INCREMENT BY ${increment} RESTART WITH ${value}`;
}

async function runAll(participants: readonly Participant[], statements: readonly (readonly string[])[]): Promise<void> {
  await Promise.all(
    participants.map((participant, i) =>
      statements[i]!.length === 0 ? undefined : participant.run(statements[i]!.join("; ")),
    ),
  );
}

async function ownSequences(relation: Relation, home: Participant): Promise<SequenceFacts[]> {
  const { late, sequences } = JSON.parse(await home.queryText(sequencesSql(relation))) as {
    readonly late: readonly string[];
    readonly sequences: readonly SequenceFacts[];
  };
  if (late.length > 0) throw refuse("SG155", late.join(", "));
  return sequences.filter(({ isShared }) => !isShared);
}

/** By shard, then by sequence. */
async function statesOf(
  sequences: readonly SequenceFacts[],
  participants: readonly Participant[],
): Promise<SequenceState[][]> {
  if (sequences.length === 0) return participants.map(() => []);
  const states = sequences.map(
    ({ name }) => `(SELECT pg_catalog.json_build_array(last_value::text, is_called) FROM ${name})`,
  );
  const sql = `SELECT pg_catalog.json_build_array(${states.join(", ")})::text`;
  return Promise.all(
    participants.map(async (participant) => {
      const rows = JSON.parse(await participant.queryText(sql)) as [string, boolean][];
      return rows.map(([last, isCalled]) => ({ last: BigInt(last), isCalled }));
    }),
  );
}

/** Of the table and its partitions: sequences in defaults, and those of identity columns. */
function sequencesSql(relation: Relation): string {
  return `
with recursive tree as (
  select ${quoteLiteral(sqlName(relation))}::pg_catalog.regclass::oid as oid
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
