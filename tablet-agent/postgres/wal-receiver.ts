// Ends WAL receivers that may still follow an old primary.
import type pg from "pg";
import { delay } from "../../src/base/delay.ts";
import { errorCode } from "../../src/base/error-code.ts";

const pollMs = 5;

/**
 * Resolves when those that run now have ended; what they have received is on disk by then. New ones can only reach whom the
 * service file names. The server ends a receiver by itself when its configuration changes, but not while it is busy
 * replaying.
 */
export async function endReceivers(client: pg.Client): Promise<void> {
  const old = await receivers(client);
  for (const { pid } of old) terminate(pid);
  const identities = new Set(old.map(identity));
  while ((await receivers(client)).some((receiver) => identities.has(identity(receiver)))) await delay(pollMs);
}

interface Receiver {
  readonly pid: number;
  readonly started: string;
}

function identity({ pid, started }: Receiver): string {
  return `${pid} ${started}`;
}

async function receivers(client: pg.Client): Promise<Receiver[]> {
  const { rows } = await client.query(
    "SELECT pid, backend_start::text AS started FROM pg_stat_activity WHERE backend_type = 'walreceiver'",
  );
  return rows;
}

/** It flushes what it has when it gets this. PostgreSQL's own function does not end what is no session. */
function terminate(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    if (errorCode(error) !== "ESRCH") throw error;
  }
}
