// The contestants take turns in every round, so that what else happens on the machine hits all of them.
import type { Run } from "./run-clients.ts";

export interface Contestant<Result extends Run = Run> {
  readonly name: string;
  run(seconds: number): Promise<Result>;
}

/** The measurements of each contestant, in the order of the rounds, after a short run that does not count. */
export async function takeTurns<Result extends Run>(
  contestants: readonly Contestant<Result>[],
  { seconds, rounds }: { readonly seconds: number; readonly rounds: number },
): Promise<Map<string, Result[]>> {
  const results = new Map<string, Result[]>(contestants.map(({ name }) => [name, []]));
  for (const contestant of contestants) await contestant.run(Math.min(seconds, 0.3));
  for (let round = 1; round <= rounds; round++) {
    // Nobody always comes behind the same one.
    const order = round % 2 === 1 ? contestants : contestants.toReversed();
    for (const { name, run } of order) results.get(name)!.push(await run(seconds));
  }
  return results;
}
