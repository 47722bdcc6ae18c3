// A pledge: the promise, on disk, to acknowledge nothing any more for a primary of an older term. It is given to one
// candidate per term. The tablet first stops being primary and cuts its WAL receiver, then writes the pledge durably, then
// answers with the position of its WAL: so what the answer says is all that it will ever have of older terms.
import type { Pledge } from "../../src/agent-api/pledge.ts";
import type { WalPosition } from "./wal-position.ts";

/** What a tablet says of itself to another one. */
export interface TabletAnswer {
  readonly name: string;
  readonly pledge: Pledge;
  /** False while it has no data, or is being rebuilt: it can promise, but it witnesses nothing. */
  readonly isWhole: boolean;
  /** When it is exact and final since the pledge. */
  readonly wal: WalPosition | undefined;
  /** Of its disk. undefined: it did not say. */
  readonly freeBytes: number | undefined;
  /** When the question was sent, by the clock of the asker. */
  readonly askedAtMs: number;
}

/** May a tablet with the pledge `own` give this one? The same pledge may be asked for again. */
export function mayPledge(own: Pledge, asked: Pledge): boolean {
  return asked.term > own.term || (asked.term === own.term && asked.candidate === own.candidate);
}
