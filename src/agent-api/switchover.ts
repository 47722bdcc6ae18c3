// A planned change of the primary: how a primary's agent is asked for it, and what has become of it.
import { unreachable } from "../base/assert.ts";
import type { Json } from "../base/json.ts";
import type { MessageFields } from "./message-fields.ts";

export interface SwitchoverRequest {
  /** Name of the tablet that is to be primary; left out: the one that is best for it. */
  readonly to?: string;
  /** Also when a check advises against it, or transactions have to be broken off. */
  readonly force?: boolean;
  /** How long to wait for the transactions that are open. */
  readonly drainMs?: number;
}

/** Longer than that no client is to be held. */
export const drainMsMax = 60_000;

export type SwitchoverOutcome =
  /** `pausedMs`: for how long there was no primary to write to, as far as the agents can tell. */
  | { readonly kind: "done"; readonly primary: string; readonly term: number; readonly pausedMs: number }
  /** Nothing has been begun. */
  | { readonly kind: "refused"; readonly reason: string; readonly hint?: string }
  /** It was begun and taken back; the primary is the one of before. */
  | { readonly kind: "undone"; readonly reason: string; readonly hint?: string }
  /** The primary of before has stopped, and the other is not known to be primary yet; failover brings it to an end. */
  | { readonly kind: "unfinished"; readonly reason: string; readonly hint?: string };

/** Throws AppError "invalid-message". */
export function readSwitchoverRequest(fields: MessageFields): SwitchoverRequest {
  const to = fields.optional("to", fields.text);
  const force = fields.optional("force", fields.flag);
  const drainMs = fields.optional("drainMs", fields.integer);
  if (to === "") throw fields.invalid("to", "is empty");
  if (drainMs !== undefined && drainMs > drainMsMax) throw fields.invalid("drainMs", `is above ${drainMsMax}`);
  return { ...(to !== undefined && { to }), ...(force && { force }), ...(drainMs !== undefined && { drainMs }) };
}

export function writeSwitchoverRequest({ to, force, drainMs }: SwitchoverRequest): { readonly [key: string]: Json } {
  return { ...(to !== undefined && { to }), ...(force && { force }), ...(drainMs !== undefined && { drainMs }) };
}

/** Throws AppError "invalid-message". */
export function readSwitchoverOutcome(fields: MessageFields): SwitchoverOutcome {
  const kind = fields.oneOf("kind", ["done", "refused", "undone", "unfinished"]);
  if (kind === "done") {
    return {
      kind,
      primary: fields.text("primary"),
      term: fields.integer("term"),
      pausedMs: fields.integer("pausedMs"),
    };
  }
  const hint = fields.optional("hint", fields.sentence);
  return { kind, reason: fields.sentence("reason"), ...(hint !== undefined && { hint }) };
}

export function writeSwitchoverOutcome(outcome: SwitchoverOutcome): { readonly [key: string]: Json } {
  const { kind } = outcome;
  switch (kind) {
    case "done":
      return {
        kind,
        primary: outcome.primary,
        term: outcome.term,
        pausedMs: Math.max(0, Math.round(outcome.pausedMs)),
      };
    case "refused":
    case "undone":
    case "unfinished":
      return { kind, reason: outcome.reason, ...(outcome.hint !== undefined && { hint: outcome.hint }) };
    default:
      return unreachable(kind);
  }
}
