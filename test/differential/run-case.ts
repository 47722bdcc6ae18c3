// One case on both servers, in sessions of its own.
import type { Case } from "./case-file.ts";
import { type Divergence, type Protocol, type ServerPair, SessionPair } from "./session-pair.ts";

export async function runCase(servers: ServerPair, { name, steps }: Case, protocol: Protocol): Promise<Divergence[]> {
  const sessions = await SessionPair.open(servers);
  const divergences: Divergence[] = [];
  let last = steps[0];
  try {
    for (const step of steps) {
      last = step;
      const found = await sessions.run(step, protocol);
      divergences.push(...found);
      // What follows would only repeat it.
      if (found.some(({ differences }) => differences.some((each) => each.startsWith("transaction status")))) break;
    }
  } catch (error) {
    const place = `${last?.file}:${last?.line} in ${name}`;
    divergences.push({ place, sql: last?.sql ?? "", differences: [String(error)] });
  } finally {
    sessions.close();
  }
  return divergences;
}

/** For people. */
export function divergenceText({ place, sql, differences }: Divergence): string {
  return [`--- ${place}`, sql, ...differences.map((difference) => `  ${difference}`)].join("\n");
}
