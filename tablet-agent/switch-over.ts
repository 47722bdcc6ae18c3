// A planned switchover, as the agent of the primary is asked for it: it makes the checks, begins it in the topology, and
// tells what has become of it. What happens in between, the rules decide.
import type { SwitchoverOutcome, SwitchoverRequest } from "../src/agent-api/switchover.ts";
import { delay } from "../src/base/delay.ts";
import { changeShard } from "../src/topology/change-shard.ts";
import type { ClusterView } from "./ha/cluster-view.ts";
import { beginSwitchover, bestTarget, whyNotTo } from "./ha/switch-over.ts";
import type { Loop, LoopOptions } from "./loop.ts";

export type SwitchoverParts = Pick<
  LoopOptions,
  "store" | "shard" | "shards" | "peers" | "postgres" | "decisions" | "patience" | "now"
>;

/** After this, nobody waits for the new primary any more. */
const unfinishedAfterMs = 20_000;
const pollMs = 10;

export async function switchOver(
  loop: Loop,
  parts: SwitchoverParts,
  request: SwitchoverRequest,
): Promise<SwitchoverOutcome> {
  const { patience, postgres, now } = parts;
  const { view } = loop;
  if (!view) return { kind: "refused", reason: "this tablet does not know the topology yet" };
  const to = request.to ?? bestTarget(view, patience);
  const why = whyNot(view, to, parts);
  if (to === undefined || why !== undefined) return { kind: "refused", reason: why ?? "no standby can take over" };
  // What the shutdown would have to write while everybody waits is written before.
  await postgres.server.checkpoint();
  loop.wish(request);
  const { shard } = view;
  const begun = await beginInTopology(parts, view, to, "switchover");
  if (begun !== undefined) return { kind: "refused", reason: begun };
  const limitMs = now() + (request.drainMs ?? patience.drainMs) + unfinishedAfterMs;
  let stoppedAtMs: number | undefined;
  for (; now() < limitMs; await delay(pollMs)) {
    if (postgres.server.process.kind !== "running") stoppedAtMs ??= now();
    const current = parts.shards.current()!.shard;
    if (current.term === shard.term && !current.switchover && stoppedAtMs === undefined) {
      return { kind: "undone", reason: whyTakenBack(parts) };
    }
    const { primary, term } = current;
    if (term === shard.term || !primary) continue;
    const answer = parts.peers.answers().find(({ name }) => name === primary.name);
    if (answer?.role === "primary" && answer.term === term)
      return { kind: "done", primary: primary.name, term, pausedMs: now() - (stoppedAtMs ?? now()) };
  }
  return { kind: "unfinished", reason: `${to} is not known to be primary yet` };
}

function whyNot(view: ClusterView, to: string | undefined, { patience }: SwitchoverParts): string | undefined {
  const { switchover, primary } = view.shard;
  if (primary?.name !== view.self) return `this tablet is not the primary; that is ${primary?.name ?? "nobody"}`;
  if (switchover) return `a switchover to ${switchover.to} is under way already`;
  return to === undefined ? undefined : whyNotTo(view, to, patience);
}

export function whyTakenBack({ decisions }: Pick<SwitchoverParts, "decisions">): string {
  const reason = decisions.list().findLast(({ decision }) => decision === "change-shard")?.reason;
  return reason ?? "it was taken back";
}

/** Why it could not be begun; undefined: it is. `what`: "switchover", or what else it is called. */
export async function beginInTopology(
  { store, shard: name, shards }: SwitchoverParts,
  view: ClusterView,
  to: string,
  what: string,
): Promise<string | undefined> {
  let problem: string | undefined;
  const before = shards.current();
  const written = await changeShard(store, name, (shard) => {
    const isAsSeen = shard.term === view.shard.term && shard.primary?.name === view.self && !shard.switchover;
    problem = isAsSeen ? undefined : "the shard has changed meanwhile";
    if (!isAsSeen) return shard;
    const decision = beginSwitchover({ ...view, shard }, to, `${what} to ${to} by request`);
    return decision.kind === "change-shard" ? decision.after : shard;
  });
  shards.wrote(written, before);
  return problem;
}
