// Several sessions at once on both servers, each with its own random steps.
import { seededRandom } from "../../support/random.ts";
import { compareAnswers } from "../compare-answers.ts";
import { type ServerPair, SessionPair } from "../session-pair.ts";
import { randomStep } from "./session-steps.ts";

export interface Crowd {
  readonly seed: number;
  readonly sessions: number;
  readonly steps: number;
}

const stepsShown = 25;

/** Texts about what diverged: the last steps of that session. */
export async function runSessions(servers: ServerPair, { seed, sessions, steps }: Crowd): Promise<string[]> {
  const findings = await Promise.all(
    Array.from({ length: sessions }, (_, i) => runSession(servers, seed + i, i + 1, steps)),
  );
  return findings.filter((finding) => finding !== undefined);
}

async function runSession(servers: ServerPair, seed: number, own: number, steps: number): Promise<string | undefined> {
  const random = seededRandom(seed);
  const pair = await SessionPair.open(servers);
  const done: string[] = [];
  const settings = { postgres: new Map<string, string>(), gateway: new Map<string, string>() };
  try {
    for (let i = 0; i < steps; i++) {
      const { sql, protocol, ordered } = randomStep(random, own);
      done.push(`${sql};  -- ${protocol}`);
      const [expected, got] = await pair.ask(sql, protocol === "simple" ? undefined : [], false);
      const differences = compareAnswers(expected, got, {
        ordered: () => ordered,
        mayDiffer: ["position", "settings"],
      });
      for (const [answer, known] of [[expected, settings.postgres] as const, [got, settings.gateway] as const]) {
        for (const text of answer.settings) known.set(...nameAndValue(text));
      }
      // When exactly they are reported does not matter, but what a driver knows of them after a transaction does.
      if (expected.status === "I") differences.push(...differentSettings(settings.postgres, settings.gateway));
      if (differences.length > 0) return [`seed ${seed}`, ...done.slice(-stepsShown), ...differences].join("\n  ");
    }
  } catch (error) {
    return [`seed ${seed}`, ...done.slice(-stepsShown), String(error)].join("\n  ");
  } finally {
    pair.close();
  }
  return undefined;
}

function nameAndValue(text: string): [string, string] {
  const at = text.indexOf("=");
  return [text.slice(0, at), text.slice(at + 1)];
}

function differentSettings(expected: ReadonlyMap<string, string>, got: ReadonlyMap<string, string>): string[] {
  const names = new Set([...expected.keys(), ...got.keys()]);
  return [...names].flatMap((name) => {
    // A setting that was never reported is as it was at the start.
    const [wanted, found] = [expected.get(name), got.get(name)];
    return wanted === undefined || found === undefined || wanted === found
      ? []
      : [`reported setting ${name}: expected ${wanted}, got ${found}`];
  });
}
