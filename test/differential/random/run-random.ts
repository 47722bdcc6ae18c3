// Many random statements, one after the other: each from a seed of its own, so that one that fails can be had again.
import { type Random, seededRandom } from "../../support/random.ts";
import { type ServerPair, SessionPair } from "../session-pair.ts";
import { fillTables } from "../tables.ts";
import { checkQuery, type Finding, pickWay } from "./check-query.ts";
import { checkWrite } from "./check-write.ts";
import { randomQuery } from "./queries.ts";
import { removeExtremes } from "./tables.ts";
import { randomWrite } from "./writes.ts";

export interface Seeds {
  readonly first: number;
  readonly count: number;
}

/** No more are looked for. */
const findingsMax = 5;

/** Texts about what diverged, with their seeds. */
export async function runQueries(servers: ServerPair, seeds: Seeds): Promise<string[]> {
  await fillForRandom(servers);
  return forEachSeed(servers, seeds, async (sessions, random) => {
    const query = randomQuery(random);
    return checkQuery(sessions, query, pickWay(random));
  });
}

export interface WritesReport {
  readonly findings: readonly string[];
  /** Number of writes that the gateway refused. */
  readonly refused: number;
}

export async function runWrites(servers: ServerPair, seeds: Seeds): Promise<WritesReport> {
  await fillForRandom(servers);
  let refused = 0;
  const findings = await forEachSeed(servers, seeds, async (sessions, random) => {
    const write = randomWrite(random);
    const way = pickWay(random);
    const verdict = await checkWrite(sessions, write, way, random.below(4) === 0);
    if (verdict.refused !== undefined) refused++;
    if (verdict.isSpoilt) await fillForRandom(servers);
    return verdict.finding;
  });
  return { findings, refused };
}

async function fillForRandom(servers: ServerPair): Promise<void> {
  await fillTables(servers);
  const sessions = await SessionPair.open(servers);
  for (const sql of removeExtremes) await sessions.ask(sql, undefined, false);
  sessions.close();
}

async function forEachSeed(
  servers: ServerPair,
  { first, count }: Seeds,
  check: (sessions: SessionPair, random: Random) => Promise<Finding | undefined>,
): Promise<string[]> {
  const findings: string[] = [];
  let sessions = await SessionPair.open(servers);
  for (let seed = first; seed < first + count && findings.length < findingsMax; seed++) {
    try {
      const finding = await check(sessions, seededRandom(seed));
      if (finding !== undefined) {
        findings.push([`seed ${seed}, as ${finding.way}:`, finding.sql, ...finding.differences].join("\n  "));
      }
    } catch (error) {
      findings.push(`seed ${seed}: ${String(error)}`);
      sessions.close();
      sessions = await SessionPair.open(servers);
    }
  }
  sessions.close();
  return findings;
}
