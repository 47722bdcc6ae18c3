// Where a process reaches others, when that is not where the topology says they are: behind NAT, through forwarded ports.
// It changes how the topology is read here, never what is written.
import { AppError } from "../base/app-error.ts";
import { parseJson } from "../base/json.ts";
import { parseAddress, writeAddress } from "./address-text.ts";
import type { Address, Shard, Tablet, Topology } from "./snapshot.ts";

/** Gives the address that stands for the one in the topology. */
export type Reach = (address: Address) => Address;

export const reachAsSaid: Reach = (address) => address;

/** Reads {"10.0.0.1:5432": "127.0.0.1:15432"}; what is not named is reached as the topology says. Throws AppError "bad-reach". */
export function parseReach(text: string, file: string): Reach {
  const bad = (problem: string, cause?: unknown) => new AppError("bad-reach", `${file}: ${problem}`, { cause });
  const value = parseJson(text, file);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad("it is not an object");
  const address = (said: unknown) => {
    const found = typeof said === "string" ? parseAddress(said) : undefined;
    if (found === undefined) throw bad(`${JSON.stringify(said)} is not "HOST:PORT"`);
    return found;
  };
  const others = new Map(Object.entries(value).map(([from, to]) => [writeAddress(address(from)), address(to)]));
  return (said) => others.get(writeAddress(said)) ?? said;
}

/** The topology as it is reached from here. */
export function reachTopology(topology: Topology, reach: Reach): Topology {
  if (reach === reachAsSaid) return topology;
  const shards = [...topology.shards].map(([name, shard]) => [name, reachShard(shard, reach)] as const);
  return { ...topology, shards: new Map(shards) };
}

function reachShard(shard: Shard, reach: Reach): Shard {
  const tablets = shard.tablets.map((tablet) => reachTablet(tablet, reach));
  const primary = tablets.find(({ name }) => name === shard.primary?.name);
  return { ...shard, tablets, primary };
}

function reachTablet(tablet: Tablet, reach: Reach): Tablet {
  const { address, agent } = tablet;
  return { ...tablet, address: reach(address), ...(agent && { agent: reach(agent) }) };
}
