// One controller works, others wait to take over. With the local store: the process that has claimed a directory beside
// the topology's documents. Two at work would do no harm, only the work twice: who may end a transaction, and how, is
// decided by PostgreSQL alone.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { delayUnlessAborted } from "../base/delay.ts";
import { ClaimedError, claimDirectory, type ProcessClaim } from "../base/process-claim.ts";

const pollMs = 250;

/** Resolves when no other controller is at work; undefined: aborted before. `onWaiting` is told once, by whose pid. */
export async function becomeSoleController(
  topologyDirectory: string,
  signal: AbortSignal,
  onWaiting: (pid: number) => void,
): Promise<ProcessClaim | undefined> {
  const directory = join(topologyDirectory, "controller");
  await mkdir(directory, { recursive: true });
  for (let told = false; !signal.aborted; told = true) {
    try {
      return await claimDirectory(directory);
    } catch (error) {
      if (!(error instanceof ClaimedError)) throw error;
      if (!told) onWaiting(error.pid);
    }
    await delayUnlessAborted(pollMs, signal);
  }
  return undefined;
}
