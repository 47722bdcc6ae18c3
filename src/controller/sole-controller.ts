// One controller works, others wait to take over. With the local store: the process that has claimed a directory beside
// the topology's documents. In Kubernetes: the holder of a lease. Two at work would do no harm, only the work twice: who
// may end a transaction, and how, is decided by PostgreSQL alone.
import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { delayUnlessAborted } from "../base/delay.ts";
import { ClaimedError, claimDirectory } from "../base/process-claim.ts";
import type { StorePlace } from "../topology/open-store.ts";
import type { LeaseStore } from "../topology/store.ts";
import type { Reign } from "./reign.ts";
import { reignByLease } from "./reign-by-lease.ts";

const pollMs = 250;
const identity = `${hostname()}_${process.pid}_${randomUUID().slice(0, 8)}`;

/** Resolves when no other controller is at work; undefined: aborted before. `onWaiting` is told once who works. */
export async function becomeSoleController(
  place: StorePlace,
  leases: LeaseStore,
  signal: AbortSignal,
  onWaiting: (who: { readonly pid: number } | { readonly holder: string }) => void,
): Promise<Reign | undefined> {
  if (place.kind === "directory") return await reignByClaim(place.directory, signal, (pid) => onWaiting({ pid }));
  return await reignByLease(leases, signal, { identity, onWaiting: (holder) => onWaiting({ holder }) });
}

async function reignByClaim(
  topologyDirectory: string,
  signal: AbortSignal,
  onWaiting: (pid: number) => void,
): Promise<Reign | undefined> {
  const directory = join(topologyDirectory, "controller");
  await mkdir(directory, { recursive: true });
  for (let told = false; !signal.aborted; told = true) {
    try {
      const claim = await claimDirectory(directory);
      return { signal, release: claim.release };
    } catch (error) {
      if (!(error instanceof ClaimedError)) throw error;
      if (!told) onWaiting(error.pid);
    }
    await delayUnlessAborted(pollMs, signal);
  }
  return undefined;
}
