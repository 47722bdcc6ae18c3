// Starts the primary's PostgreSQL again where it is. For the gateways it is a switchover to itself: they let transactions end
// and hold those that have not begun, until the topology says that it is over. What happens in between, the rules decide.
import type { SwitchoverOutcome } from "../../src/agent-api/switchover.ts";
import { delay } from "../../src/base/delay.ts";
import type { Loop } from "../loop.ts";
import { beginInTopology, type SwitchoverParts, whyTakenBack } from "../switch-over.ts";

const limitMs = 60_000;
const pollMs = 10;

export async function restartInPlace(
  loop: Loop,
  parts: SwitchoverParts & { readonly self: string },
): Promise<SwitchoverOutcome> {
  const { postgres, self, now, shards } = parts;
  const { view } = loop;
  if (!view) return { kind: "refused", reason: "this tablet does not know the topology yet" };
  // What the shutdown would have to write while everybody waits is written before.
  await postgres.server.checkpoint();
  const { term } = view.shard;
  const begun = await beginInTopology(parts, view, self, "restart");
  if (begun !== undefined) return { kind: "refused", reason: begun };
  const deadlineMs = now() + limitMs;
  let stoppedAtMs: number | undefined;
  for (; now() < deadlineMs; await delay(pollMs)) {
    if (postgres.server.process.kind !== "running") stoppedAtMs ??= now();
    const { shard } = shards.current()!;
    if (shard.term !== term) return { kind: "unfinished", reason: `term ${shard.term} has begun meanwhile` };
    if (shard.switchover) continue;
    if (stoppedAtMs === undefined) return { kind: "undone", reason: whyTakenBack(parts) };
    return { kind: "done", primary: self, term, pausedMs: now() - stoppedAtMs };
  }
  return { kind: "unfinished", reason: "PostgreSQL is not back yet" };
}
