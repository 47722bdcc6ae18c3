// The lease of a volume that moves between machines: who may run PostgreSQL on it. It is another one than the shard's, which
// says who may try to lead, and is no protection. This one is, as far as its holder ends PostgreSQL in time: it stops
// believing a third of the duration before the lease runs out, and who takes it over waits for another third after that.
import { delayUnlessAborted } from "../../src/base/delay.ts";
import type { Log } from "../../src/base/log.ts";
import { leaseCandidate } from "../../src/topology/lease-candidate.ts";
import type { LeaseStore } from "../../src/topology/store.ts";

export interface VolumeLease {
  /** Resolves when it is ours; rejects when the signal is aborted. */
  take(signal: AbortSignal): Promise<void>;
  /** Renews it until the signal is aborted, or it is lost; resolves then. */
  hold(signal: AbortSignal): Promise<void>;
  /** By the clock of this machine (process.hrtime); undefined: it is not ours. */
  validUntilNs(): bigint | undefined;
  release(): Promise<void>;
}

export interface VolumeLeaseOptions {
  readonly leases: LeaseStore;
  readonly tablet: string;
  /** See Place: who starts again in the same place goes on with it. */
  readonly holder: string;
  readonly seconds: number;
  /** After every renewal: until when it is valid. */
  readonly onRenewed: (untilNs: bigint) => void;
  readonly log: Log;
}

const renewMs = 1_000;
const answerLimitMs = 3_000;

export function volumeLease(options: VolumeLeaseOptions): VolumeLease {
  const { leases, tablet, holder: holderIdentity, seconds, onRenewed, log } = options;
  const marginMs = (1_000 * seconds) / 3;
  const candidate = leaseCandidate(leases, `volumes/${tablet}`, { holderIdentity, leaseDurationSeconds: seconds });
  let untilNs: bigint | undefined;

  /** "unsure": somebody else has written at the same moment; the next attempt tells. */
  const ask = async (what: "acquire" | "renew"): Promise<"held" | "taken" | "unsure"> => {
    const began = { ms: performance.now(), ns: process.hrtime.bigint() };
    const answer = await candidate[what]();
    if (answer.kind === "taken") return answer.by === undefined || answer.by === holderIdentity ? "unsure" : "taken";
    const forMs = Math.floor(answer.validUntilMs - marginMs - began.ms);
    const nextNs = began.ns + BigInt(forMs) * 1_000_000n;
    if (untilNs === undefined || nextNs > untilNs) untilNs = nextNs;
    onRenewed(untilNs);
    return "held";
  };
  const isValid = () => untilNs !== undefined && process.hrtime.bigint() < untilNs;

  return {
    validUntilNs: () => (isValid() ? untilNs : undefined),

    async take(signal) {
      let waits = false;
      for (;;) {
        signal.throwIfAborted();
        const outcome = await ask("acquire").catch((error: unknown) => {
          log.warn({ err: error }, "the lease of the volume cannot be asked for; trying again");
          return "failed" as const;
        });
        if (outcome === "held") return;
        if (outcome === "taken" && !waits)
          log.warn("another agent has the lease of the volume; waiting until it runs out");
        waits ||= outcome === "taken";
        await delayUnlessAborted(renewMs / 2, signal);
      }
    },

    async hold(signal) {
      let asking: Promise<void> | undefined;
      let isTaken = false;
      let askedAtMs = performance.now();
      while (!signal.aborted && !isTaken && isValid()) {
        const isDue = performance.now() - askedAtMs >= renewMs;
        // One that hangs is not waited for; what it has asked for may still be done.
        if (isDue && (!asking || performance.now() - askedAtMs > answerLimitMs)) {
          askedAtMs = performance.now();
          asking = ask("renew")
            .then((outcome) => {
              isTaken = outcome === "taken";
            })
            .catch((error: unknown) => log.warn({ err: error }, "the lease of the volume could not be renewed"))
            .finally(() => {
              asking = undefined;
            });
        }
        await delayUnlessAborted(50, signal);
      }
    },

    async release() {
      untilNs = undefined;
      await candidate.release();
    },
  };
}

/** How long who has taken the lease of another waits before it believes that the other's PostgreSQL has ended. */
export function takeoverWaitMs(seconds: number): number {
  return (1_000 * seconds) / 3;
}
