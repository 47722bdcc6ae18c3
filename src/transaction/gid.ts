// Global transaction ids: sg_<cluster>_<gateway>_<epoch>_<number>_<keeper>. Whoever finds one knows from it alone which
// cluster it belongs to, which run of which gateway made it (the origin), and which shard has the decision.
import type { ShardName } from "../topology/snapshot.ts";

export interface Gid {
  readonly clusterId: string;
  /** One run of one gateway: `<gateway>_<epoch>`. */
  readonly origin: string;
  /** Counts up within the origin. */
  readonly number: number;
  readonly keeper: ShardName;
}

const gidPattern = /^sg_([A-Za-z0-9.-]+)_([A-Za-z0-9.-]+_[A-Za-z0-9.-]+)_([0-9]{1,15})_([A-Za-z0-9.-]+)$/;
const namePattern = /^[A-Za-z0-9.-]{1,63}$/;

export function formatGid({ clusterId, origin, number, keeper }: Gid): string {
  return `sg_${clusterId}_${origin}_${number}_${keeper}`;
}

/** undefined: not an id of ours. */
export function parseGid(text: string): Gid | undefined {
  const [, clusterId, origin, number, keeper] = gidPattern.exec(text) ?? [];
  if (clusterId === undefined || origin === undefined) return undefined;
  return { clusterId, origin, number: Number(number), keeper: keeper as ShardName };
}

/** What all ids of a cluster begin with. */
export function gidPrefix(clusterId: string): string {
  return `sg_${clusterId}_`;
}

/** The origin of a gateway that begins to run now. Throws TypeError for a name that cannot be part of an id. */
export function originOf(gatewayName: string, startedAtMs: number): string {
  if (!namePattern.test(gatewayName)) {
    throw new TypeError(`the name of a gateway has letters, digits, "." and "-" only, not "${gatewayName}"`);
  }
  if (gatewayName.startsWith("c-")) {
    throw new TypeError(`the name of a gateway does not begin with "c-", as "${gatewayName}" does`);
  }
  return `${gatewayName}_${startedAtMs.toString(36)}`;
}
