// Everything that the gateway refuses by design: a stable code, why, and what to do instead. docs/sql-support.md is
// made from this list (`npm run docs`).
import { SqlError } from "../pgwire/sql-error.ts";
import { copyRefusals } from "./copy-refusals.ts";
import { queryRefusals } from "./query-refusals.ts";
import { statementRefusals } from "./statement-refusals.ts";

export interface Refusal {
  /** SQLSTATE. */
  readonly sqlstate: string;
  readonly message: string;
  readonly hint: string;
  /** For docs/sql-support.md: one or two sentences, with the reason. */
  readonly why: string;
}

/** `{}` in message and hint stands for the argument of `refuse`. Codes are never given to another meaning. */
export const refusals = {
  SG001: {
    sqlstate: "0A000",
    message: "this statement is not supported across shards: {}",
    hint: "Restrict it to one value of the shard key, or split it into simpler statements.",
    why: "The gateway has no plan for it that is certain to give the answer of one PostgreSQL.",
  },
  ...queryRefusals,
  ...statementRefusals,
  ...copyRefusals,
} as const satisfies Record<string, Refusal>;

export type RefusalCode = keyof typeof refusals;

export function refuse(code: RefusalCode, what = "", position?: number): SqlError {
  const { sqlstate, message, hint } = refusals[code];
  return new SqlError({
    code: sqlstate,
    message: `${message.replace("{}", () => what)} [${code}]`,
    hint: hint.replace("{}", () => what),
    position,
  });
}
