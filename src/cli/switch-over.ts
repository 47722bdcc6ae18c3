// Asks the primary of a shard for a planned switchover, and finds out what has come of it.
import type { AgentClient } from "../agent-api/agent-client.ts";
import type { SwitchoverOutcome, SwitchoverRequest } from "../agent-api/switchover.ts";
import { AppError } from "../base/app-error.ts";
import { unreachable } from "../base/assert.ts";
import { describeError } from "../base/describe-error.ts";
import type { Shard, ShardName, Topology } from "../topology/snapshot.ts";
import { targetOf } from "./ask-tablets.ts";

export interface SwitchoverContext {
  readonly client: Pick<AgentClient, "switchover">;
  /** The topology's changes from now on; ends when there is no more time to wait. */
  readonly changes: () => AsyncIterable<Topology>;
}

/** Returns the sentence to print. Throws AppError that says what has become of it. */
export async function switchOver(
  shard: Shard,
  request: SwitchoverRequest,
  { client, changes }: SwitchoverContext,
): Promise<string> {
  const { name, primary } = shard;
  if (request.to !== undefined && request.to === primary?.name) return `${name}: ${request.to} is the primary already`;
  check(shard, request);
  const target = targetOf(shard, primary!)!;
  const outcome = await client.switchover(target, request).catch((error: unknown) => {
    // Nothing has been begun, or it has said why not; when it says no more, it may have stopped as it should.
    if (!(error instanceof AppError) || error.code !== "agent-silent") throw error;
    return { kind: "unfinished" as const, reason: describeError(error).message };
  });
  return await conclude(shard, outcome, changes);
}

/** Throws AppError "refused" for what makes no sense, whatever the agent would say. */
function check({ name, primary, tablets }: Shard, { to }: SwitchoverRequest): void {
  const refused = (message: string, hint?: string) =>
    new AppError("refused", `shard ${name} ${message}`, hint === undefined ? {} : { hint });
  if (to !== undefined && !tablets.some((tablet) => tablet.name === to)) {
    throw refused(`has no tablet "${to}"`, `It has ${tablets.map((tablet) => tablet.name).join(", ")}.`);
  }
  if (!primary) throw refused("has no primary at present", "One of its tablets will take over; see shards status.");
  if (tablets.length === 1) throw refused(`has no other tablet than ${primary.name}`);
  if (!primary.agent) throw refused(`has a primary, ${primary.name}, whose agent is not in the topology`);
}

async function conclude(
  shard: Shard,
  outcome: SwitchoverOutcome,
  changes: () => AsyncIterable<Topology>,
): Promise<string> {
  const { name, primary } = shard;
  switch (outcome.kind) {
    case "done": {
      const paused = `${(outcome.pausedMs / 1_000).toFixed(2)} s`;
      return `${name}: ${outcome.primary} is the primary of term ${outcome.term}; writes waited for ${paused}`;
    }
    case "refused":
      throw failure(outcome, `the switchover of shard ${name} is refused: ${outcome.reason}`);
    case "undone":
      throw failure(outcome, `the switchover of shard ${name} has been taken back: ${outcome.reason}`);
    case "unfinished": {
      const next = await nextPrimary(name, shard.term, changes);
      if (next === undefined) {
        throw failure(outcome, `the switchover of shard ${name} has not come to an end: ${outcome.reason}`);
      }
      const { primary: successor, term } = next;
      if (successor === primary?.name) {
        throw failure(
          outcome,
          `${successor} is the primary of shard ${name} again, of term ${term}: ${outcome.reason}`,
        );
      }
      return `${name}: ${successor} is the primary of term ${term}`;
    }
    default:
      return unreachable(outcome);
  }
}

function failure(outcome: Exclude<SwitchoverOutcome, { readonly kind: "done" }>, message: string): AppError {
  return new AppError(`switchover-${outcome.kind}`, message, outcome.hint === undefined ? {} : { hint: outcome.hint });
}

/** undefined: no later term came while there was time. */
async function nextPrimary(
  name: ShardName,
  term: number,
  changes: () => AsyncIterable<Topology>,
): Promise<{ readonly primary: string; readonly term: number } | undefined> {
  for await (const { shards } of changes()) {
    const shard = shards.get(name);
    if (shard?.primary && shard.term > term) return { primary: shard.primary.name, term: shard.term };
  }
  return undefined;
}
