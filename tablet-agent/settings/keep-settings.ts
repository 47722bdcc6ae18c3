// Keeps the cluster's settings in force: at once where that is possible, and by restarts in turn. The agent of the primary says
// whose turn it is (restart-turn.ts); standbys hear it in its answers. It goes on beside the agent's rounds, since a
// switchover takes seconds, and may be refused.
import { backoff } from "../../src/base/backoff.ts";
import { delayUnlessAborted } from "../../src/base/delay.ts";
import type { Log } from "../../src/base/log.ts";
import type { ClusterView } from "../ha/cluster-view.ts";
import { isNamed } from "../ha/may-lead.ts";
import { bestTarget } from "../ha/switch-over.ts";
import type { Loop, LoopOptions } from "../loop.ts";
import { switchOver } from "../switch-over.ts";
import { restartInPlace } from "./restart-in-place.ts";
import { type OtherTablet, restartTurn, type Turn } from "./restart-turn.ts";

export type KeepSettingsParts = Pick<
  LoopOptions,
  "self" | "store" | "shard" | "shards" | "peers" | "postgres" | "decisions" | "patience" | "now"
> & { readonly signal: AbortSignal; readonly log: Log };

const everyMs = 250;
/** After a restart of the primary was refused or taken back: clients are not to be held up again and again. */
const firstPauseMs = 15_000;
const pauseMaxMs = 3_600_000;

/** Resolves after the signal is aborted. */
export async function keepSettings(loop: Loop, parts: KeepSettingsParts): Promise<void> {
  const { postgres, decisions, log, signal } = parts;
  const { settings } = postgres;
  const pause = backoff({ firstMs: firstPauseMs, maxMs: pauseMaxMs });
  let triesAgainAtMs = Number.NEGATIVE_INFINITY;
  let tried: string | undefined;

  const note = (reason: string) => {
    decisions.add({ kind: "restart", reason });
    log.info({ decision: "restart" }, reason);
  };

  const restartPrimary = async ({ kind }: Turn) => {
    if (tried !== settings.digest) pause.reset();
    else if (parts.now() < triesAgainAtMs) return;
    tried = settings.digest;
    const why = `${settings.pending.join(", ")} count from the next start on`;
    note(
      kind === "switch-over"
        ? `${why}: another tablet is to be primary`
        : `${why}: PostgreSQL is started again in place`,
    );
    const outcome = kind === "switch-over" ? await switchOver(loop, parts, {}) : await restartInPlace(loop, parts);
    if (outcome.kind === "done") return pause.reset();
    triesAgainAtMs = parts.now() + pause.next();
    note(`the restart is ${outcome.kind}: ${outcome.reason}`);
  };

  const round = async () => {
    if (postgres.server.process.kind === "running" && settings.isDue(postgres.runsAs)) postgres.applySettings();
    const { view } = loop;
    const turn = view && turnOf(view, parts);
    settings.restarts = turn?.kind === "standby" ? turn.name : undefined;
    if (turn?.kind === "switch-over" || turn?.kind === "in-place") await restartPrimary(turn);
    else if (view && isOwnTurn(view, parts)) {
      const because = `${settings.pending.join(", ")} count from the next start on, and the primary says that it is this tablet's turn`;
      if (postgres.restart()) note(because);
    }
  };

  while (!signal.aborted) {
    await round().catch((error: unknown) => log.warn({ err: error }, "the settings could not be put in force"));
    await delayUnlessAborted(everyMs, signal);
  }
}

/** undefined: this tablet is not the one to say. */
function turnOf(view: ClusterView, { postgres, self, now, peers, patience }: KeepSettingsParts): Turn | undefined {
  const { shard } = view;
  const room = postgres.watch.last()?.room;
  if (view.postgres.kind !== "primary" || !isNamed(view) || view.lease.kind !== "mine" || !room) return undefined;
  if (shard.switchover || shard.nextCohort || postgres.actions.running !== undefined) return undefined;
  const answers = peers.answers().filter(({ askedAtMs }) => now() - askedAtMs < patience.confirmationMs);
  const others = view.postgres.standbys.map(({ name, isStreaming, sinceMs }): OtherTablet => {
    const settings = answers.find((answer) => answer.name === name && answer.role === "standby")?.settings;
    return { name, isStreaming, forMs: now() - sinceMs, settings };
  });
  const { digest, pending } = postgres.settings;
  if (postgres.settings.isDue("primary") || !shard.tablets.some(({ name }) => name === self)) return undefined;
  const canSwitchOver = bestTarget(view, patience) !== undefined;
  return restartTurn({ digest, pending, lowersRoom: postgres.settings.lowers(room), canSwitchOver, others });
}

function isOwnTurn(
  { shard, postgres: state }: ClusterView,
  { postgres, self, peers, now, patience }: KeepSettingsParts,
) {
  if (state.kind !== "standby" || state.follows?.term !== shard.term || postgres.settings.pending.length === 0)
    return false;
  const primary = peers.answers().find(({ name }) => name === shard.primary?.name);
  if (!primary || now() - primary.askedAtMs >= patience.confirmationMs || primary.term !== shard.term) return false;
  return primary.settings?.restarts === self;
}
