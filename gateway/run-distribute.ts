// create_distributed_table and its kin: the executor moves the rows; here the session learns of it.
import { argumentText } from "../src/executor/argument-text.ts";
import { distribute } from "../src/executor/distribute.ts";
import type { Execution } from "../src/executor/execution.ts";
import type { RowTaker } from "../src/executor/scatter.ts";
import { commandComplete, dataRow } from "../src/pgwire/backend-message.ts";
import { gatewayField } from "../src/pgwire/row-description.ts";
import type { DistributePlan } from "../src/planner/plan.ts";
import { parseQualifiedName } from "../src/sql/names.ts";
import { noteCatalogChange } from "./run-all-shards.ts";
import type { Session } from "./session.ts";

const voidType = 2278;

/** Resolves with CommandComplete. */
export async function runDistribute(
  session: Session,
  plan: DistributePlan,
  execution: Execution,
  taker: RowTaker,
): Promise<Buffer> {
  const names = namesOf(session, argumentText(plan.table, execution.statement) ?? "");
  session.whenEnded.push(await session.database.gate.close(names, session));
  await distribute(plan, execution);
  session.transaction.hasDistributed = true;
  const { participants } = session.transaction;
  await noteCatalogChange(session, participants.values(), await session.transaction.join(session.topology.home));
  taker.fields([gatewayField(plan.resultColumn, voidType, 4)]);
  await taker.rows(dataRow([""]));
  return commandComplete("SELECT 1");
}

/** The table's name, and those of the views that read it, through whatever other views. */
function namesOf({ catalog }: Session, table: string): string[] {
  const names = [parseQualifiedName(table).at(-1) ?? table];
  const views = [...catalog.relationsByOid.values()].filter(({ definition }) => definition !== undefined);
  // The list grows while it is walked.
  for (const name of names) {
    for (const view of views) {
      if (!names.includes(view.name) && view.definition!.includes(name)) names.push(view.name);
    }
  }
  return names;
}
