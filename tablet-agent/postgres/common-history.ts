// Whether pg_rewind can tell where two histories part. It compares timelines by their number and where they begin; but two
// tablets that are promoted at the same place give their timelines the same number, and it would take them for one. What
// tells them apart is the term that begins there. Pure.
import { parseLsn } from "../../src/base/lsn.ts";
import type { TermStart } from "./server.ts";

export interface TimelineStart {
  readonly timeline: number;
  /** End of what it has in common with the timeline before; 0 for the first. */
  readonly lsn: number;
}

/** A tablet's WAL: its timelines and its terms, oldest first. */
export interface WalHistory {
  readonly timelines: readonly TimelineStart[];
  readonly terms: readonly TermStart[];
}

/** From a timeline history file (manual: "Timelines"); undefined: it makes no sense. */
export function parseTimelines(timeline: number, historyFile: string): TimelineStart[] | undefined {
  const starts: TimelineStart[] = [];
  let lsn = 0;
  for (const line of historyFile.split("\n")) {
    if (line.trim() === "" || line.trimStart().startsWith("#")) continue;
    const [, number, end] = /^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/i.exec(line) ?? [];
    const endLsn = parseLsn(end ?? "");
    if (endLsn === undefined) return undefined;
    starts.push({ timeline: Number(number), lsn });
    lsn = endLsn;
  }
  return [...starts, { timeline, lsn }];
}

/** Whether the histories part on different timelines, at a place that pg_rewind finds. */
export function canFindFork(target: WalHistory, source: WalHistory): boolean {
  const common = commonTimelines(target.timelines, source.timelines);
  const last = common.at(-1);
  if (last === undefined) return false;
  // It would say that there is nothing to do.
  if (target.timelines.at(-1)!.timeline === source.timelines.at(-1)!.timeline) return false;
  // There is one first timeline only.
  if (last.lsn === 0) return true;
  const [ours, theirs] = [target.terms, source.terms].map((terms) => terms.find((start) => start.lsn === last.lsn));
  return ours !== undefined && ours.term === theirs?.term;
}

/** As findCommonAncestorTimeline in pg_rewind.c. */
function commonTimelines(ours: readonly TimelineStart[], theirs: readonly TimelineStart[]): TimelineStart[] {
  const differs = ours.findIndex((start, i) => {
    const other = theirs[i];
    return other?.timeline !== start.timeline || other.lsn !== start.lsn;
  });
  return ours.slice(0, differs < 0 ? ours.length : differs);
}
