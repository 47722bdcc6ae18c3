// The value of an argument of a function that the gateway carries out itself.
import { parameterFormat } from "../pgwire/frontend-message.ts";
import { oid } from "../pgwire/oid.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import type { ArgumentSource } from "../planner/plan.ts";
import type { StatementRun } from "./execution.ts";

/** Types whose binary format is their text. */
const textTypes = new Set<number>([oid.text, oid.varchar, oid.name, oid.unknown, 0]);

/** null is SQL NULL, or an argument that is not there. Throws SqlError. */
export function argumentText(source: ArgumentSource | undefined, run: StatementRun): string | null {
  if (source === undefined) return null;
  if (source.kind === "constant") return source.text;
  const { parameters, parameterTypes } = run;
  const index = source.number - 1;
  if (parameters === undefined || index >= parameters.count) {
    throw new SqlError({ code: "42P02", message: `there is no parameter $${source.number}` });
  }
  const length = parameters.lengths[index]!;
  if (length < 0) return null;
  const start = parameters.starts[index]!;
  if (parameterFormat(parameters, index) === 1) {
    const type = parameterTypes[index] ?? 0;
    if (type === oid.bool) return parameters.bytes[start] === 0 ? "f" : "t";
    if (!textTypes.has(type)) {
      throw new SqlError({ code: "0A000", message: `parameter $${source.number} must be sent as text` });
    }
  }
  return parameters.bytes.toString("utf8", start, start + length);
}
