// The right to run PostgreSQL on a tablet's directory: taken before anything else is done with it, kept while the agent runs,
// and let go when PostgreSQL has stopped. docs/operations/shared-volume.md says what each step is for.
import { join } from "node:path";
import { AppError } from "../../src/base/app-error.ts";
import { delayUnlessAborted } from "../../src/base/delay.ts";
import type { Log } from "../../src/base/log.ts";
import { runCommand } from "../../src/base/run-command.ts";
import type { LeaseStore } from "../../src/topology/store.ts";
import { openTabletState } from "../tablet-state.ts";
import { judgeOwner } from "./judge-owner.ts";
import { type OwnerMark, readMark, writeMark } from "./owner-mark.ts";
import type { Place } from "./place.ts";
import { startWatchdog, type Watchdog } from "./start-watchdog.ts";
import { takeoverWaitMs, type VolumeLease, volumeLease } from "./volume-lease.ts";

export interface Volume {
  /** Throws AppError "volume-lost" as soon as it is not sure any more that it is ours; also after this agent was frozen. */
  check(): void;
  /** Aborted when it is lost. */
  readonly lost: AbortSignal;
  /** The tablet is about to pledge a term: the mark tells it from now on. */
  pledges(term: number): Promise<void>;
  /** PostgreSQL has stopped. */
  release(): Promise<void>;
}

export interface TakeVolumeOptions {
  /** Absolute, without links. */
  readonly directory: string;
  readonly tablet: string;
  readonly place: Place;
  /** It may move to another machine: for so long is its lease. undefined: it may not. */
  readonly leaseSeconds: number | undefined;
  /** Called with the machine of the owner before and its term, once its lease has run out; exit code 0: it is dead. */
  readonly fenceCommand: string | undefined;
  readonly leases: LeaseStore;
  readonly stop: AbortSignal;
  readonly log: Log;
}

const fencingPauseMs = 2_000;
const fencingLimitMs = 60_000;

/** Throws AppError "other-owner" for a directory that cannot be taken; waits for one that cannot be taken yet. */
export async function takeVolume(options: TakeVolumeOptions): Promise<Volume> {
  const { directory, place, leaseSeconds, fenceCommand, stop, log } = options;
  const conditions = { isShared: leaseSeconds !== undefined, hasFencing: fenceCommand !== undefined };
  const refuse = (mark: OwnerMark) => {
    const hint = "Make sure that no PostgreSQL runs on it anywhere, then delete the file owner.json in it.";
    const message = `${directory} belongs to an agent on ${mark.machine} (process ${mark.pid}, since ${mark.since})`;
    return new AppError("other-owner", message, { hint });
  };
  const first = await readMark(directory);
  if (first && judgeOwner(first, place, conditions).kind === "refused") throw refuse(first);
  const ending = new AbortController();
  let watchdog: Watchdog | undefined;
  const since = new Date().toISOString();
  const own = { place: place.name, machine: place.machine, pid: process.pid, since, stopsItself: conditions.isShared };
  const lease =
    leaseSeconds === undefined
      ? undefined
      : volumeLease({
          ...{ leases: options.leases, tablet: options.tablet, holder: place.name, seconds: leaseSeconds, log },
          onRenewed: (untilNs) => watchdog?.renewed(untilNs),
        });
  await lease?.take(stop);
  const lost = new AbortController();
  const holding = (lease?.hold(ending.signal) ?? Promise.resolve()).then(() => {
    if (lease && !ending.signal.aborted) lost.abort();
  });
  const check = () => {
    if (!lease || (!lost.signal.aborted && lease.validUntilNs() !== undefined)) return;
    lost.abort();
    throw new AppError("volume-lost", "the lease of the volume could not be renewed; PostgreSQL may run elsewhere now");
  };
  const letGo = async () => {
    ending.abort();
    await holding;
    await lease?.release().catch((err: unknown) => log.warn({ err }, "the lease of the volume is not released"));
  };
  const wait = AbortSignal.any([stop, lost.signal]);
  try {
    const mark = await readMark(directory);
    const judgement = judgeOwner(mark, place, conditions);
    if (mark && judgement.kind === "refused") throw refuse(mark);
    if (mark && judgement.kind !== "free") {
      const waitMs = takeoverWaitMs(leaseSeconds ?? 0);
      log.warn({ owner: mark, waitMs }, "the owner before has lost its lease, and is given time to stop PostgreSQL");
      await delayUnlessAborted(waitMs, wait);
      if (judgement.kind === "after-fencing") await fence(fenceCommand!, mark, wait, log);
    }
    stop.throwIfAborted();
    check();
    const term = (await openTabletState(directory))?.state.pledge.term ?? 0;
    await writeMark(directory, { ...own, term });
    if (lease) watchdog = watch(lease, join(directory, "pgdata"), () => lost.abort(), log);
  } catch (error) {
    await letGo();
    throw error;
  }
  return {
    check,
    lost: lost.signal,
    async pledges(term) {
      check();
      await writeMark(directory, { ...own, term });
    },
    async release() {
      if (!lost.signal.aborted) await writeMark(directory, undefined);
      watchdog?.end();
      await letGo();
    },
  };
}

function watch(lease: VolumeLease, dataDirectory: string, onEnd: () => void, log: Log): Watchdog {
  return startWatchdog(dataDirectory, lease.validUntilNs() ?? 0n, onEnd, log);
}

/** Until it succeeds. */
async function fence(command: string, mark: OwnerMark, signal: AbortSignal, log: Log): Promise<void> {
  while (!signal.aborted) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(fencingLimitMs)]);
    const { succeeded, output } = await runCommand(command, [mark.machine, String(mark.term)], { signal: limit });
    if (succeeded) {
      log.warn({ owner: mark.machine, term: mark.term }, "the owner before has been fenced");
      return;
    }
    log.error({ owner: mark.machine, output: output.slice(-2_000) }, "the fencing command has failed; trying again");
    await delayUnlessAborted(fencingPauseMs, signal);
  }
}
