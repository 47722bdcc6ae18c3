// What ALTER SYSTEM has written, without what nobody but the agent may set.
import { reservedBecause } from "../../src/topology/reserved-settings.ts";

/** Content of postgresql.auto.conf (ALTER SYSTEM writes one setting on each line) without what is reserved. */
export function withoutReserved(automatic: string): string {
  const isFree = (line: string) => {
    const [, name] = /^\s*([\w.$]+)\s*=/.exec(line) ?? [];
    return name === undefined || reservedBecause(name) === undefined;
  };
  return automatic.split("\n").filter(isFree).join("\n");
}
