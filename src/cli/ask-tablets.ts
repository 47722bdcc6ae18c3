// A shard as the topology has it, and what the agents of its tablets say of themselves.
import type { AgentClient, AgentTarget } from "../agent-api/agent-client.ts";
import type { TabletStatus } from "../agent-api/tablet-status.ts";
import { AppError } from "../base/app-error.ts";
import { describeError } from "../base/describe-error.ts";
import type { Shard, Tablet } from "../topology/snapshot.ts";

export interface ShardView {
  readonly shard: Shard;
  /** In the order of their names. */
  readonly tablets: readonly TabletView[];
}

export type TabletView =
  | { readonly kind: "answers"; readonly tablet: Tablet; readonly status: TabletStatus }
  | { readonly kind: "silent"; readonly tablet: Tablet; readonly problem: string };

/** All at the same time. Those that do not answer are told as such; throws only what is wrong with this side. */
export async function askTablets(client: Pick<AgentClient, "status">, shard: Shard): Promise<ShardView> {
  const tablets = [...shard.tablets].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  return { shard, tablets: await Promise.all(tablets.map((tablet) => askTablet(client, shard, tablet))) };
}

/** undefined: the topology does not say where its agent is. */
export function targetOf(shard: Shard, { name, agent }: Tablet): AgentTarget | undefined {
  return agent && { shard: shard.name, tablet: name, address: agent };
}

async function askTablet(client: Pick<AgentClient, "status">, shard: Shard, tablet: Tablet): Promise<TabletView> {
  const target = targetOf(shard, tablet);
  if (!target) return { kind: "silent", tablet, problem: "the topology does not say where its agent is" };
  try {
    return { kind: "answers", tablet, status: await client.status(target) };
  } catch (error) {
    if (!(error instanceof AppError) || error.code === "no-certificate") throw error;
    return { kind: "silent", tablet, problem: describeError(error).message };
  }
}
