// The rows of any plan that is a query, for those who do more with them than show them to the client.
import type { Field } from "../pgwire/row-description.ts";
import type { Plan } from "../planner/plan.ts";
import { refuse } from "../planner/refuse.ts";
import type { Participant } from "../transaction/participant.ts";
import { type Execution, parameterTypesAt } from "./execution.ts";
import { describeGather, gather } from "./gather.ts";
import { KeysUnusable } from "./keys-unusable.ts";
import { withStreams } from "./open-streams.ts";
import { singleShardOf } from "./resolve-target.ts";
import { describeVisible, type RowTaker, scatter } from "./scatter.ts";

/** Resolves with the number of rows. Rows come in `execution.output.formats`. */
export async function runRows(plan: Plan, execution: Execution, taker: RowTaker): Promise<number> {
  switch (plan.kind) {
    case "scatter":
      return scatter(plan, execution, taker);
    case "gather":
      return gather(plan, execution, taker);
    case "single-shard": {
      const participant = await sourceShard(plan, execution);
      if (participant === undefined) {
        if (plan.otherwise === undefined) throw new KeysUnusable();
        return runRows(plan.otherwise, execution, taker);
      }
      const { statement, output } = execution;
      const query = {
        sql: plan.sql ?? statement.text,
        parameters: statement.parameters,
        parameterTypes: statement.parameterTypes,
        formats: output.formats,
      };
      return withStreams(execution, [participant], query, async ([stream]) => {
        taker.fields(stream!.fields ?? []);
        let count = 0;
        for (let batch = await stream!.next(); batch !== undefined; batch = await stream!.next()) {
          for (let at = 0; at < batch.length; at += 1 + batch.readInt32BE(at + 1)) count++;
          await taker.rows(batch);
        }
        return count;
      });
    }
    default:
      throw refuse("SG001", `rows of a plan of kind ${plan.kind}`);
  }
}

/** The columns that `runRows` will give. */
export async function describeRows(plan: Plan, execution: Execution): Promise<readonly Field[]> {
  const { statement, topology, descriptions, scope } = execution;
  switch (plan.kind) {
    case "gather":
      return describeGather(plan, execution);
    case "scatter":
      return describeVisible(plan, execution, await execution.participant(topology.home));
    case "single-shard": {
      const participant = await sourceShard(plan, execution);
      if (participant === undefined && plan.otherwise !== undefined) return describeRows(plan.otherwise, execution);
      const asked = participant ?? (await execution.participant(topology.home));
      const { fields = [] } = await descriptions.describe(
        scope,
        plan.sql ?? statement.text,
        parameterTypesAt(execution, asked.shard),
        asked,
      );
      return fields;
    }
    default:
      return [];
  }
}

async function sourceShard(
  plan: Plan & { kind: "single-shard" },
  execution: Execution,
): Promise<Participant | undefined> {
  const shard = singleShardOf(plan.targets, execution.topology, execution.statement, execution.joined());
  if (shard === undefined) return undefined;
  const participant = await execution.participant(shard);
  if (!plan.readOnly) participant.wrote = true;
  return participant;
}
