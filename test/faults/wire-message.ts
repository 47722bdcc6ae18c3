// What a commit over several shards looks like on the wire between gateway and shard: which requests belong to it, and
// which messages of the server answer them.
import { backend, frontend } from "../../src/pgwire/message-type.ts";

export interface WireMessage {
  /** A request goes from gateway to shard, an answer back. */
  readonly direction: "request" | "answer";
  /** What the request does: "record+prepare", say. An answer has the step of its request. */
  readonly step: string;
  /** First byte of the message: "Q", or "C" and "Z" of an answer. */
  readonly type: string;
}

/** A message as PostgreSQL's protocol frames it: its type, and all of its bytes. */
export interface WireFrame {
  readonly type: number;
  readonly bytes: Buffer;
}

const steps: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["record", /\bshardgres\.record_(commit|decision)\b/i],
  ["check", /\bSET\s+CONSTRAINTS\s+ALL\s+IMMEDIATE\b/i],
  ["decide", /\bshardgres\.decide\b/i],
  ["prepare", /\bPREPARE\s+TRANSACTION\b/i],
  ["commit", /(^|;)\s*COMMIT\s*(;|$)/i],
  ["commit-prepared", /\bCOMMIT\s+PREPARED\b/i],
  ["rollback-prepared", /\bROLLBACK\s+PREPARED\b/i],
  ["rollback", /(^|;)\s*ROLLBACK\s*(;|$)/i],
];

/** The steps of the commit protocol that a text of SQL takes, joined by "+"; undefined when it takes none. */
export function commitStep(sql: string): string | undefined {
  const taken = steps.filter(([, pattern]) => pattern.test(sql)).map(([name]) => name);
  return taken.length === 0 ? undefined : taken.join("+");
}

/** What the server still has to answer: a simple query, or extended messages up to their Sync. */
interface Exchange {
  step: string | undefined;
  /** Its Sync has not been seen. */
  isOpen: boolean;
}

const extended: ReadonlySet<number> = new Set([
  frontend.parse,
  frontend.bind,
  frontend.describe,
  frontend.execute,
  frontend.close,
  frontend.flush,
]);

/** Messages that the server may send at any time, also between answers. */
const unasked: ReadonlySet<number> = new Set([backend.notificationResponse, backend.parameterStatus]);

/** Reads both directions of one connection, from behind its startup packet on. */
export class CommitMessages {
  /** The first answer is the one to the startup packet. */
  #exchanges: Exchange[] = [{ step: undefined, isOpen: false }];

  /** undefined: the message does not belong to a commit. */
  request(frame: WireFrame): WireMessage | undefined {
    const step = this.#stepOf(frame);
    return step === undefined ? undefined : { direction: "request", step, type: String.fromCharCode(frame.type) };
  }

  /** The same for a message of the server. */
  answer(frame: WireFrame): WireMessage | undefined {
    if (unasked.has(frame.type)) return undefined;
    const step = this.#exchanges[0]?.step;
    if (frame.type === backend.readyForQuery) this.#exchanges.shift();
    return step === undefined ? undefined : { direction: "answer", step, type: String.fromCharCode(frame.type) };
  }

  #stepOf({ type, bytes }: WireFrame): string | undefined {
    if (type === frontend.query || type === frontend.functionCall) {
      const step = type === frontend.query ? commitStep(bytes.toString("utf8", 5, bytes.length - 1)) : undefined;
      this.#exchanges.push({ step, isOpen: false });
      return step;
    }
    if (!extended.has(type) && type !== frontend.sync) return undefined;
    let exchange = this.#exchanges.at(-1);
    if (exchange?.isOpen !== true) {
      exchange = { step: undefined, isOpen: true };
      this.#exchanges.push(exchange);
    }
    if (type === frontend.parse) {
      const textAt = bytes.indexOf(0, 5) + 1;
      exchange.step ??= commitStep(bytes.toString("utf8", textAt, bytes.indexOf(0, textAt)));
    }
    if (type === frontend.sync) exchange.isOpen = false;
    return exchange.step;
  }
}
