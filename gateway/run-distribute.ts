// create_distributed_table and its kin: the executor moves the rows; here the session learns of it.

import type { Execution } from "../src/executor/execution.ts";
import type { RowTaker } from "../src/executor/scatter.ts";
import { commandComplete, dataRow } from "../src/pgwire/backend-message.ts";
import { gatewayField } from "../src/pgwire/row-description.ts";
import type { DistributePlan } from "../src/planner/plan.ts";
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
  const { distribute } = await import("../src/executor/distribute.ts");
  await distribute(plan, execution, session.searchPath);
  const { participants } = session.transaction;
  await noteCatalogChange(session, participants.values(), await session.transaction.join(session.topology.home));
  taker.fields([gatewayField(plan.resultColumn, voidType, 4)]);
  await taker.rows(dataRow([""]));
  return commandComplete("SELECT 1");
}
