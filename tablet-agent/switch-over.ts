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
/** A standby that has just begun to follow needs a moment before it can take over. */
const readyWithinMs = 5_000;

export async function switchOver(
  loop: Loop,
  parts: SwitchoverParts,
  request: SwitchoverRequest,
): Promise<SwitchoverOutcome> {
  const { patience, postgres, now } = parts;
  const target = await readyTarget(loop, parts, request);
  if (target.kind === "refused") return target;
  const { view, to } = target;
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

type Target =
  | { readonly kind: "ready"; readonly view: ClusterView; readonly to: string }
  | (SwitchoverOutcome & { readonly kind: "refused" });

async function readyTarget(
  loop: Loop,
  { patience, now }: SwitchoverParts,
  { to: asked }: SwitchoverRequest,
): Promise<Target> {
  const limitMs = now() + readyWithinMs;
  for (;;) {
    const { view } = loop;
    if (!view) return { kind: "refused", reason: "this tablet does not know the topology yet" };
    const never = whyNever(view, asked);
    if (never !== undefined) return { kind: "refused", reason: never };
    const to = asked ?? bestTarget(view, patience);
    const why = to === undefined ? "no standby can take over" : whyNotTo(view, to, patience);
    if (to !== undefined && why === undefined) return { kind: "ready", view, to };
    if (now() >= limitMs) return { kind: "refused", reason: why! };
    await delay(5 * pollMs);
  }
}

/** Waiting would not help. */
function whyNever({ shard, self }: ClusterView, to: string | undefined): string | undefined {
  const { switchover, primary, tablets } = shard;
  if (primary?.name !== self) return `this tablet is not the primary; that is ${primary?.name ?? "nobody"}`;
  if (switchover) return `a switchover to ${switchover.to} is under way already`;
  if (to === self) return `${to} is the primary`;
  if (to !== undefined && !tablets.some(({ name }) => name === to)) return `the shard has no tablet ${to}`;
  return tablets.length === 1 ? "the shard has no standby" : undefined;
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
  const written = await changeShard(store, name, (shard) => {
    const isAsSeen = shard.term === view.shard.term && shard.primary?.name === view.self && !shard.switchover;
    problem = isAsSeen ? undefined : "the shard has changed meanwhile";
    if (!isAsSeen) return shard;
    const decision = beginSwitchover({ ...view, shard }, to, `${what} to ${to} by request`);
    return decision.kind === "change-shard" ? decision.after : shard;
  });
  shards.heard(written);
  return problem;
}
