// The sequences of a table that is being distributed, or undistributed: which statements that takes is the catalog's to know.
import { joinSql, sequenceStates, sequencesOf, shareOutSql } from "../catalog/shared-sequences.ts";
import type { Relation } from "../catalog/snapshot.ts";
import type { Topology } from "../topology/snapshot.ts";
import type { Participant } from "../transaction/participant.ts";

/** Before the table is registered. Rejects with SqlError for sequences that cannot be shared out. */
export async function shareOutSequences(
  relation: Relation,
  topology: Topology,
  home: Participant,
  participants: readonly Participant[],
): Promise<void> {
  const sequences = await sequencesOf(relation, (sql) => home.queryText(sql));
  const states = await Promise.all(participants.map((each) => sequenceStates(sequences, (sql) => each.queryText(sql))));
  const ordinals = participants.map(({ shard }) => topology.shards.get(shard)!.ordinal);
  const statements = shareOutSql(sequences, states, ordinals);
  await Promise.all(participants.map((participant, i) => runAll(participant, statements[i]!)));
}

/** Before the table is forgotten. */
export async function joinSequences(
  relation: Relation,
  home: Participant,
  participants: readonly Participant[],
): Promise<void> {
  const sequences = await sequencesOf(relation, (sql) => home.queryText(sql));
  const states = await Promise.all(participants.map((each) => sequenceStates(sequences, (sql) => each.queryText(sql))));
  const statements = joinSql(sequences, states);
  await Promise.all(participants.map((participant) => runAll(participant, statements)));
}

async function runAll(participant: Participant, statements: readonly string[]): Promise<void> {
  if (statements.length > 0) await participant.run(statements.join("; "));
}
