// For how much the PostgreSQL of the shard's primary has room, as it has said itself.
import type { Room } from "../../src/agent-api/settings-in-force.ts";
import type { ReadShard } from "../../src/topology/change-shard.ts";
import type { Peers } from "../peers.ts";

/** undefined: it has not said. */
export function primaryRoom(read: ReadShard | undefined, peers: Peers): Room | undefined {
  const { primary, term } = read?.shard ?? {};
  const answer = peers.answers().find(({ name }) => name === primary?.name);
  return answer?.role === "primary" && answer.term === term ? answer.settings?.room : undefined;
}
