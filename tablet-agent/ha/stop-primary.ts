// Rules that end a PostgreSQL that must not, or cannot, go on.
import type { ClusterView } from "./cluster-view.ts";
import type { Decision } from "./decision.ts";
import { highestTerm, mayGoOn } from "./may-lead.ts";
import type { Patience } from "./patience.ts";

export function stopOutdatedPrimary(view: ClusterView): Decision | undefined {
  const { postgres } = view;
  if (postgres.kind !== "primary") return undefined;
  const term = highestTerm(view);
  if (term <= postgres.term) return undefined;
  return stop(`term ${term} is known, and this is a primary of term ${postgres.term}`);
}

export function stopPrimaryCutOff(view: ClusterView, patience: Patience): Decision | undefined {
  const isPrimary =
    view.postgres.kind === "primary" || (view.postgres.kind === "starting" && view.postgres.as === "primary");
  if (!isPrimary || mayGoOn(view, patience)) return undefined;
  return stop(
    view.lease.kind === "other"
      ? "another tablet holds the lease"
      : "the lease could not be renewed in time, and too few standbys confirm that they know no other primary",
  );
}

/** The agent has been killed in the middle of it. */
export function stopUnfinishedPrimary({ postgres }: ClusterView): Decision | undefined {
  return postgres.kind === "primary" && !postgres.isWritable ? stop("its promotion has not been finished") : undefined;
}

export function killFrozen({ postgres, nowMs }: ClusterView, { frozenMs }: Patience): Decision | undefined {
  if (postgres.kind === "none" || postgres.kind === "stopped" || postgres.silentSinceMs === undefined) return undefined;
  if (nowMs - postgres.silentSinceMs < frozenMs) return undefined;
  return { kind: "stop", mode: "kill", reason: `PostgreSQL has not answered for ${frozenMs / 1000} s` };
}

function stop(reason: string): Decision {
  return { kind: "stop", mode: "immediate", reason };
}
