// The watchdog of this agent, see watchdog.ts.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Log } from "../../src/base/log.ts";

export interface Watchdog {
  /** By process.hrtime. */
  renewed(untilNs: bigint): void;
  /** PostgreSQL has been stopped; it is not needed any more. */
  end(): void;
}

const main = fileURLToPath(new URL("watchdog.ts", import.meta.url));

/** `onEnd`: it has ended without being asked to, so nobody watches any more. */
export function startWatchdog(dataDirectory: string, untilNs: bigint, onEnd: () => void, log: Log): Watchdog {
  const child = spawn(process.execPath, [main, dataDirectory, String(untilNs)], {
    stdio: ["pipe", "ignore", "inherit"],
    // It does not go with the agent, whatever ends that.
    detached: true,
  });
  let isEnding = false;
  const write = (line: string) => child.stdin.write(`${line}\n`);
  child.stdin.on("error", () => {});
  child.on("error", (err) => log.error({ err }, "the watchdog cannot be started"));
  child.on("close", () => {
    if (!isEnding) onEnd();
  });
  return {
    renewed: (nextNs) => void write(String(nextNs)),
    end() {
      isEnding = true;
      write("end");
      child.unref();
    },
  };
}
