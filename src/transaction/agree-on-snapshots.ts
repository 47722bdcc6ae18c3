// One snapshot of several shards, for a whole transaction: each takes its own, and tells which distributed commits it shows;
// until they agree, all begin again, at the same time.
import type { Participant } from "./participant.ts";
import type { Patience } from "./patience.ts";
import { askVisibleCommits, missingCommits, type Observation } from "./visible-commits.ts";

/**
 * `stepsSql`: what the transaction has done to its own state, which each new beginning needs again. Participants that have
 * begun must not have done anything else.
 */
export async function agreeOnSnapshots(
  participants: readonly Participant[],
  stepsSql: string,
  patience: Patience,
): Promise<void> {
  for (let isFirst = true; ; isFirst = false) {
    const closedBefore = patience.closed;
    const observations = await Promise.all(
      participants.map(async (participant): Promise<Observation> => {
        const { connection } = participant.lease;
        const isFresh = isFirst && !participant.hasBegun;
        connection.cork();
        if (!isFresh) participant.restart();
        const steps = stepsSql === "" ? undefined : participant.run(stepsSql);
        const list = askVisibleCommits(participant);
        connection.uncork();
        const [visible] = await Promise.all([list, steps]);
        return { shard: participant.shard, closedBefore, before: visible, after: visible };
      }),
    );
    const missing = missingCommits(observations);
    if (missing.length === 0) return;
    patience.learn(observations);
    await patience.wait(missing);
  }
}
