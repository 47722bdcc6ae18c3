// The sequences of a table that is being distributed, or undistributed: which statements that takes is the catalog's to know.
import {
  joinSql,
  lockSequencesSql,
  type SequenceFacts,
  type SequenceState,
  sequenceStates,
  sequencesOf,
  shareOutSql,
} from "../catalog/shared-sequences.ts";
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
  const states = await lockedStates(sequences, home, participants);
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
  const states = await lockedStates(sequences, home, participants);
  const statements = joinSql(sequences, states);
  await Promise.all(participants.map((participant) => runAll(participant, statements)));
}

/** By shard. The home shard is locked first, as everywhere. */
async function lockedStates(
  sequences: readonly SequenceFacts[],
  home: Participant,
  participants: readonly Participant[],
): Promise<SequenceState[][]> {
  const lock = lockSequencesSql(sequences);
  await runAll(home, lock);
  return Promise.all(
    participants.map(async (participant) => {
      if (participant !== home) await runAll(participant, lock);
      return sequenceStates(sequences, (sql) => participant.queryText(sql));
    }),
  );
}

async function runAll(participant: Participant, statements: readonly string[]): Promise<void> {
  if (statements.length > 0) await participant.run(statements.join("; "));
}
