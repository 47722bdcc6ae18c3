// LIMIT and OFFSET as the merge needs them: numbers of this run.
import { parameterFormat } from "../pgwire/frontend-message.ts";
import { SqlError } from "../pgwire/sql-error.ts";
import type { CountSource } from "../planner/plan.ts";
import type { StatementRun } from "./execution.ts";

/** undefined: no limit (also for NULL). */
export function rowCount(
  source: CountSource | undefined,
  run: StatementRun,
  clause: "LIMIT" | "OFFSET",
): number | undefined {
  if (source === undefined) return undefined;
  const value = source.kind === "constant" ? source.value : parameterValue(source.number - 1, run);
  if (value !== undefined && value < 0) {
    throw new SqlError({ code: clause === "LIMIT" ? "2201W" : "2201X", message: `${clause} must not be negative` });
  }
  return value;
}

function parameterValue(index: number, { parameters }: StatementRun): number | undefined {
  if (parameters === undefined || index >= parameters.count) {
    throw new SqlError({ code: "42P02", message: `there is no parameter $${index + 1}` });
  }
  const length = parameters.lengths[index]!;
  if (length < 0) return undefined;
  const start = parameters.starts[index]!;
  if (parameterFormat(parameters, index) === 0) return Number(parameters.bytes.toString("utf8", start, start + length));
  switch (length) {
    case 2:
      return parameters.bytes.readInt16BE(start);
    case 4:
      return parameters.bytes.readInt32BE(start);
    case 8:
      return Number(parameters.bytes.readBigInt64BE(start));
    default:
      throw new SqlError({ code: "22P03", message: `incorrect binary data format in bind parameter ${index + 1}` });
  }
}
