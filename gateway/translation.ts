// Object ids of types that users made, between a shard and the client, who knows those of the home shard.
import type { ShardName } from "../src/topology/snapshot.ts";
import type { Session } from "./session.ts";

/** From the shard's to the client's; undefined: they are the same. */
export function translationFrom(session: Session, shard: ShardName): ((typeOid: number) => number) | undefined {
  const { userTypes } = session.database;
  return userTypes.differAt(shard) ? (typeOid) => userTypes.toHome(shard, typeOid) : undefined;
}
