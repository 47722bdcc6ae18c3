// Waiting for what another process is about to do, bounded by the time limit of the test.
import { delay } from "../../src/base/delay.ts";

/** Asks again and again until the answer is neither undefined nor false, nor an error. */
export async function eventually<T>(ask: () => Promise<T> | T): Promise<Exclude<T, undefined | false>> {
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    } catch {
      // Not yet.
    }
    await delay(20);
  }
}
