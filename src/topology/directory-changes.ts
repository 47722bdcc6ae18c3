// Waiting for something to change in a directory: by the operating system's notice where that works, else by the clock.
import { type FSWatcher, watch } from "node:fs";

export interface DirectoryChanges {
  /** Resolves when something may have changed since the call before, after `pollMs` at the latest, or on abort. */
  next(): Promise<void>;
  close(): void;
}

/** Listens from now on. */
export function directoryChanges(directory: string, pollMs: number, signal: AbortSignal): DirectoryChanges {
  let changed = false;
  let wake = () => {};
  const notice = () => {
    changed = true;
    wake();
  };
  const watcher = tryWatch(directory, notice);
  signal.addEventListener("abort", notice);
  return {
    async next() {
      if (!changed && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, pollMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      changed = false;
    },
    close() {
      watcher?.close();
      signal.removeEventListener("abort", notice);
      wake();
    },
  };
}

/** undefined: this file system or the limit of inotify watches does not allow it. */
function tryWatch(directory: string, notice: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, notice);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
