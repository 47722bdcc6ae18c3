// Rules of the tablet that is not primary: have data, run, and follow the primary that the topology names, but never one of
// a term older than the own pledge, and never on top of WAL that it does not have. Data are given up only while that primary
// is there: until then they may be the last.
import type { ClusterView } from "./cluster-view.ts";
import type { Decision } from "./decision.ts";
import type { Patience } from "./patience.ts";
import { startsAgainAtMs } from "./start-again.ts";
import { isBeginningOf } from "./wal-position.ts";

export function getData(view: ClusterView, patience: Patience): Decision | undefined {
  const { postgres, data, shard } = view;
  const isDamaged =
    postgres.kind === "stopped" && postgres.how === "damaged" && postgres.failures >= patience.failuresMax;
  if (data.isWhole && postgres.kind !== "none" && !isDamaged) return undefined;
  const named = primaryToFollow(view);
  if (!named)
    return data.isWhole && postgres.kind !== "none"
      ? undefined
      : { kind: "wait", reason: "there is no whole data here, and nobody to clone" };
  if (postgres.kind !== "none" && postgres.kind !== "stopped")
    return { kind: "stop", mode: "immediate", reason: "the data is not whole" };
  if (!isThere(view, patience))
    return { kind: "wait", reason: `the data is to be cloned when ${named} is primary of term ${shard.term}` };
  const reason = isDamaged ? "PostgreSQL does not start with this data" : "there is no whole data here";
  return { kind: "clone", primary: named, term: shard.term, reason };
}

export function startStopped({ postgres, nowMs }: ClusterView): Decision | undefined {
  if (postgres.kind !== "stopped") return undefined;
  if (nowMs < startsAgainAtMs(postgres)) return { kind: "wait", reason: "PostgreSQL has just failed again" };
  return { kind: "start-standby", reason: `PostgreSQL is not running (${postgres.how})` };
}

export function followNamed(view: ClusterView, patience: Patience): Decision | undefined {
  const { shard, postgres, wal, data, primarySaid } = view;
  if (postgres.kind !== "standby") return undefined;
  const { follows, cannotFollow } = postgres;
  const named = primaryToFollow(view);
  const { term } = shard;
  const isFollowing = named !== undefined && follows?.primary === named && follows.term === term;
  if (follows && !isFollowing)
    return { kind: "follow-nobody", reason: `${follows.primary} is not the primary of term ${term}` };
  if (!named || !primarySaid) return undefined;
  if (isOfAnother(data.systemIdentifier, primarySaid.systemIdentifier))
    return { kind: "wait", reason: `the data is of another database than that of ${named}, and is not removed` };
  // What a standby is told by one that is still recovering, or was no primary yet, need not stay so.
  const hasBeenTold = view.nowMs - primarySaid.sinceMs >= patience.confirmationMs;
  if (cannotFollow !== undefined && hasBeenTold && isThere(view, patience))
    return { kind: "clone", primary: named, term, reason: `it cannot follow ${named}: ${cannotFollow}` };
  if (isFollowing || !wal) return undefined;
  if (!isBeginningOf(wal, primarySaid.terms)) {
    if (!isThere(view, patience)) return undefined;
    const reason = `it has WAL of term ${wal.term} that ${named} does not have`;
    return { kind: "rewind", primary: named, term, reason };
  }
  return { kind: "follow", primary: named, term, reason: `the topology names ${named} primary of term ${term}` };
}

/** The primary that the topology names has just said that it is. */
function isThere({ primarySaid, nowMs }: ClusterView, { confirmationMs }: Patience): boolean {
  if (primarySaid === undefined) return false;
  const { askedAtMs } = primarySaid;
  return askedAtMs <= nowMs && nowMs - askedAtMs < confirmationMs;
}

function isOfAnother(own: string | undefined, primarys: string | undefined): boolean {
  return own !== undefined && primarys !== undefined && own !== primarys;
}

function primaryToFollow({ self, shard, pledge }: ClusterView): string | undefined {
  const name = shard.primary?.name;
  return name === self || shard.term < pledge.term ? undefined : name;
}
