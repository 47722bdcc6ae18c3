// The vandal: disturbs a cluster at work, waits until work gets through on every shard again, and disturbs it anew; now and
// then in two ways at once.
import { setTimeout as sleep } from "node:timers/promises";
import { delay } from "../../src/base/delay.ts";
import { type Disturbance, disturb, nameOf } from "./disturbances.ts";
import type { Random } from "./random.ts";

export interface Vandalism {
  readonly dataDir: string;
  /** None: the work is left in peace. */
  readonly disturbances: readonly Disturbance[];
  readonly random: Random;
  readonly ms: number;
  /** What is going on meanwhile; it ends soon after `stop`. */
  work(stop: AbortSignal): Promise<unknown>;
  /** Whether work that began after that time has got through on every shard. */
  isWorkingSince(time: number): boolean;
}

export interface Recovery {
  readonly disturbance: string;
  /** From the end of the disturbance until every shard has taken part in work begun after it. */
  readonly ms: number;
}

/** After this long the cluster is not believed to recover at all. */
const recoveryMsMax = 30_000;
/** How long the work may take to end: no client waits for ever. */
const endMsMax = 20_000;

/** Resolves when the work has ended, with everything that the cluster has recovered from. */
export async function workUnderVandalism(vandalism: Vandalism): Promise<Recovery[]> {
  const [stop, peace] = [new AbortController(), new AbortController()];
  const work = vandalism.work(stop.signal).finally(() => peace.abort());
  // Whoever awaits it below hears of its failure.
  work.catch(() => {});
  const timer = setTimeout(() => peace.abort(), vandalism.ms);
  try {
    return await vandalise(vandalism, peace.signal);
  } finally {
    clearTimeout(timer);
    stop.abort();
    await endInTime(work);
  }
}

async function endInTime(work: Promise<unknown>): Promise<void> {
  const limit = new AbortController();
  const isLate = delay(endMsMax, limit.signal).then(
    () => true,
    () => false,
  );
  const late = await Promise.race([work.then(() => false), isLate]).finally(() => limit.abort());
  if (late) throw new Error(`a client still waits after ${endMsMax} ms`);
}

async function vandalise(
  { dataDir, disturbances, random, isWorkingSince }: Vandalism,
  peace: AbortSignal,
): Promise<Recovery[]> {
  const recoveries: Recovery[] = [];
  while (!peace.aborted) {
    await sleep(random.below(1_500), undefined, { signal: peace }).catch(() => {});
    if (peace.aborted || disturbances.length === 0) continue;
    const chosen = Array.from({ length: random.pick([1, 1, 2]) }, () => random.pick(disturbances));
    const done = await Promise.all(chosen.map((each) => disturb(dataDir, each, random)));
    const names = chosen.filter((_, i) => done[i]).map(nameOf);
    if (names.length === 0) continue;
    const disturbance = names.sort().join(" + ");
    const over = performance.now();
    while (!isWorkingSince(over)) {
      if (performance.now() - over > recoveryMsMax)
        throw new Error(`no recovery within ${recoveryMsMax} ms after "${disturbance}"`);
      await delay(10);
    }
    recoveries.push({ disturbance, ms: performance.now() - over });
  }
  return recoveries;
}
