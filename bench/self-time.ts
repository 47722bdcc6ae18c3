// What a CPU profile says: which functions the time was spent in, not counting what they call.
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { CallFrame, CpuProfile } from "./inspected-process.ts";

export interface SelfTime {
  readonly name: string;
  /** "gateway/session.ts:312", "node:net:771", "" for native code. */
  readonly place: string;
  readonly microseconds: number;
}

const root = fileURLToPath(new URL("..", import.meta.url));

/** Longest first. "(idle)" is left out: it is the time in which the process waited. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): SelfTime[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const times = new Map<string, { name: string; place: string; microseconds: number }>();
  for (const [i, id] of samples.entries()) {
    const frame = frames.get(id)!;
    if (frame.functionName === "(idle)") continue;
    const [name, place] = [frame.functionName || "(anonymous)", placeOf(frame)];
    const key = `${name} ${place}`;
    let entry = times.get(key);
    if (entry === undefined) {
      entry = { name, place, microseconds: 0 };
      times.set(key, entry);
    }
    // The time up to the next sample.
    entry.microseconds += timeDeltas[i + 1] ?? 0;
  }
  return [...times.values()].sort((a, b) => b.microseconds - a.microseconds);
}

function placeOf({ url, lineNumber }: CallFrame): string {
  if (url === "") return "";
  const path = url.startsWith("file:") ? relative(root, fileURLToPath(url)) : url;
  return `${path}:${lineNumber + 1}`;
}
