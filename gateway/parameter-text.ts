// A parameter as text, for the few places where the gateway itself must understand a string.
import type { StatementRun } from "../src/executor/execution.ts";
import { parameterFormat } from "../src/pgwire/frontend-message.ts";
import { oid } from "../src/pgwire/oid.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";

const texts = new Set<number>([oid.text, oid.varchar, oid.name, oid.unknown, 0]);

/** `index` from 0. null is SQL NULL. */
export function parameterText({ parameters, parameterTypes }: StatementRun, index: number): string | null {
  if (parameters === undefined || index >= parameters.count) {
    throw new SqlError({ code: "42P02", message: `there is no parameter $${index + 1}` });
  }
  const length = parameters.lengths[index]!;
  if (length < 0) return null;
  const start = parameters.starts[index]!;
  const type = parameterTypes[index] ?? 0;
  if (parameterFormat(parameters, index) === 1) {
    if (type === oid.bool) return parameters.bytes[start] === 0 ? "f" : "t";
    if (!texts.has(type)) {
      throw new SqlError({
        code: "0A000",
        message: `parameter $${index + 1} must be sent as text`,
        hint: "Write the value into the statement.",
      });
    }
  }
  return parameters.bytes.toString("utf8", start, start + length);
}
