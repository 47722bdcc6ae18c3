// Rows that the gateway answers by itself: SHOW shardgres.*, and EXPLAIN of what several shards do.
import { keptByGateway } from "../src/base/kept-by-gateway.ts";
import { commandComplete, dataRow } from "../src/pgwire/backend-message.ts";
import { oid } from "../src/pgwire/oid.ts";
import { encodeRowDescription, gatewayField } from "../src/pgwire/row-description.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import type { ExplainPlan } from "../src/planner/plan.ts";
import { gatewayTables } from "./gateway-relations.ts";
import { shownKept } from "./kept-settings.ts";
import type { Session } from "./session.ts";
import { transactionColumns, transactionRows } from "./show-transactions.ts";
import type { Statement } from "./statement.ts";
import { version } from "./version.ts";

/** `name` is what stands behind "shardgres.", or a time limit that the gateway keeps. */
export async function showGatewayTable(session: Session, statement: Statement, name: string): Promise<Buffer> {
  const columns = shownColumns(name);
  if (columns === undefined) {
    const known = [...gatewayTables.keys(), "transactions", "version"];
    throw new SqlError({
      code: "42704",
      message: `unrecognized configuration parameter "shardgres.${name}"`,
      hint: `There are: ${known.map((each) => `shardgres.${each}`).join(", ")}.`,
    });
  }
  sendRows(session, statement, columns, await shownRows(session, name));
  return commandComplete("SHOW");
}

/** undefined: there is no such list. */
export function shownColumns(name: string): readonly string[] | undefined {
  if (name === "version" || keptByGateway.has(name)) return [name];
  if (name === "transactions") return transactionColumns;
  return gatewayTables.get(name)?.columns.map((column) => column.name);
}

async function shownRows(session: Session, name: string): Promise<Parameters<typeof sendRows>[3]> {
  if (name === "version") return [[version]];
  if (keptByGateway.has(name)) {
    return [[shownKept(name, session.transaction.setting(name))]];
  }
  if (name === "transactions") return await transactionRows(session);
  return gatewayTables.get(name)?.rows(session) ?? [];
}

export function showExplain(session: Session, statement: Statement, plan: ExplainPlan): Buffer {
  sendRows(
    session,
    statement,
    ["QUERY PLAN"],
    plan.lines.map((line) => [line]),
  );
  return commandComplete("EXPLAIN");
}

/** Text columns, in text format (which for text is the same as binary). */
export function sendRows(
  session: Session,
  { output, taker }: Statement,
  columns: readonly string[],
  rows: readonly (readonly (string | number | boolean | null)[])[],
): void {
  const fields = columns.map((column) => gatewayField(column, oid.text));
  if (taker !== undefined) taker.fields(fields);
  else if (output.describe) session.client.write(encodeRowDescription(fields));
  const messages = rows.map((row) => dataRow(row.map((value) => (value === null ? null : text(value)))));
  if (messages.length === 0) return;
  const batch = Buffer.concat(messages);
  if (taker !== undefined) void taker.rows(batch);
  else session.client.write(batch);
}

function text(value: string | number | boolean): string {
  return value === true ? "t" : value === false ? "f" : String(value);
}
