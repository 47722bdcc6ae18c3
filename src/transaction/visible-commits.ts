// What the snapshots of several shards show of distributed commits, and whether they agree. A commit that one snapshot
// shows and that of another participant does not means that the latter is too old: commits never go away.
import { watch } from "../pgclient/answer-handler.ts";
import type { NeededStatement } from "../pgclient/server-connection.ts";
import { ShardError } from "../pgwire/error-fields.ts";
import { bindValuesMessage, executeMessage, parseTextMessage, syncMessage } from "../pgwire/frontend-encode.ts";
import { backend } from "../pgwire/message-type.ts";
import { oid } from "../pgwire/oid.ts";
import type { ShardName } from "../topology/snapshot.ts";
import type { Participant } from "./participant.ts";

/** What a snapshot shows of the transactions of one origin (one run of a gateway). */
export interface OriginCommits {
  /** Up to this number all are finished on every shard, and so visible if they are committed. */
  readonly closed: number;
  /** Up to this number none are listed. */
  readonly unlisted: number;
  /** Number -> participants, keeper first, of the commits after `unlisted` that are visible. */
  readonly commits: ReadonlyMap<number, readonly ShardName[]>;
}

export type VisibleCommits = ReadonlyMap<string, OriginCommits>;

/**
 * A snapshot of one shard: it shows at least what `before` lists and at most what `after` lists. Where the list comes out of
 * the snapshot itself both are the same.
 */
export interface Observation {
  readonly shard: ShardName;
  /** By origin: what was known to be closed before the snapshot was taken, which therefore shows it. */
  readonly closedBefore: ReadonlyMap<string, number>;
  readonly before: VisibleCommits;
  readonly after: VisibleCommits;
}

/** A commit that is shown elsewhere and (perhaps) not by the snapshot of this shard. */
export interface Missing {
  readonly observation: Observation;
  readonly shard: ShardName;
  readonly origin: string;
  readonly number: number;
  /** Keeper first; empty when only its number is known. */
  readonly participants: readonly ShardName[];
}

/** Empty: no half of any commit can be seen by whoever reads with these snapshots. */
export function missingCommits(observations: readonly Observation[]): Missing[] {
  const missing: Missing[] = [];
  const shown = new Map<string, Pick<Missing, "origin" | "number" | "participants">>();
  for (const { after } of observations) {
    for (const [origin, { commits }] of after) {
      for (const [number, participants] of commits) {
        shown.set(`${origin} ${number}`, { origin, number, participants });
      }
    }
  }
  for (const { origin, number, participants } of shown.values()) {
    const concerned = observations.filter(({ shard }) => participants.includes(shard));
    const unsure = concerned.filter((observation) => !shows(observation, origin, number));
    // One who may or may not show it is no half, if nobody else has the other one.
    if (concerned.length < 2) continue;
    for (const observation of unsure) {
      missing.push({ observation, shard: observation.shard, origin, number, participants });
    }
  }
  for (const [origin, unlisted] of furthest(observations, "unlisted")) {
    for (const observation of observations) {
      if (closedFor(observation, origin) >= unlisted) continue;
      missing.push({ observation, shard: observation.shard, origin, number: unlisted, participants: [] });
    }
  }
  return missing;
}

/** By origin, the highest number that any of the lists says. */
export function furthest(
  observations: readonly Observation[],
  what: "closed" | "unlisted",
): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const { after } of observations) {
    for (const [origin, of] of after) numbers.set(origin, Math.max(numbers.get(origin) ?? 0, of[what]));
  }
  return numbers;
}

function shows(observation: Observation, origin: string, number: number): boolean {
  if (number <= closedFor(observation, origin)) return true;
  return observation.before.get(origin)?.commits.has(number) ?? false;
}

/** Up to this number the snapshot shows all of the origin that are committed. */
function closedFor({ before, closedBefore }: Observation, origin: string): number {
  return Math.max(before.get(origin)?.closed ?? 0, closedBefore.get(origin) ?? 0);
}

/** $1: a JSON object, by origin: from which number on to list, at least. What has been deleted cannot be listed. */
const listSql = `SELECT pg_catalog.string_agg(
    pg_catalog.concat_ws(' ', o.origin, o.closed, greatest(since.number, o.pruned), c.commits), E'\\n')
  FROM shardgres.origins o
  CROSS JOIN LATERAL (
    SELECT least(o.unlisted, ($1::pg_catalog.jsonb OPERATOR(pg_catalog.->>) o.origin)::pg_catalog.int8) AS number
  ) since
  LEFT JOIN LATERAL (
    SELECT pg_catalog.string_agg(pg_catalog.concat(c.number, ':', pg_catalog.array_to_string(c.participants, ',')), ' ') commits
    FROM shardgres.commits c
    WHERE c.origin = o.origin AND c.number > since.number AND c.outcome = 'committed'
  ) c ON true`;
const list: NeededStatement = {
  name: "shardgres_commits",
  parse: parseTextMessage("shardgres_commits", listSql, [oid.text]),
};

function listRequest(since: ReadonlyMap<string, number>): readonly Buffer[] {
  const from = since.size === 0 ? "{}" : JSON.stringify(Object.fromEntries(since));
  return [bindValuesMessage("", list.name, undefined, [Buffer.from(from)], []), executeMessage(""), syncMessage];
}

/** What all of the observations are sure to show: what came later is to be compared with them. */
export function commonlyClosed(observations: readonly Observation[]): ReadonlyMap<string, number> {
  const common = new Map<string, number>();
  for (const origin of observations[0]?.before.keys() ?? []) {
    common.set(origin, Math.min(...observations.map((observation) => closedFor(observation, origin))));
  }
  return common;
}

/**
 * Asks within the participant's transaction, at once. Uses the unnamed portal. `since`: by origin, lists also what came after
 * this number. Rejects with ShardError or AppError.
 */
export function askVisibleCommits(
  participant: Participant,
  since: ReadonlyMap<string, number> = new Map(),
): Promise<VisibleCommits> {
  return new Promise((resolve, reject) => {
    let error: ShardError | undefined;
    let text = "";
    participant.request(
      listRequest(since),
      {
        watched: watch(backend.errorResponse, backend.dataRow),
        wholeMessages: true,
        forward: () => false,
        message(type, message) {
          if (type === backend.errorResponse) error ??= new ShardError(message);
          else if (message.readInt32BE(7) > 0) text = message.toString("utf8", 11, 11 + message.readInt32BE(7));
          return false;
        },
        ready: () => (error === undefined ? resolve(parseVisibleCommits(text)) : reject(error)),
        lost: reject,
      },
      1,
      [list],
    );
  });
}

/** Lines of "origin closed unlisted number:shard,shard number:shard,shard". */
export function parseVisibleCommits(text: string): VisibleCommits {
  const origins = new Map<string, OriginCommits>();
  if (text === "") return origins;
  for (const line of text.split("\n")) {
    const [origin = "", closed, unlisted, ...listed] = line.split(" ");
    const commits = new Map<number, readonly ShardName[]>();
    for (const each of listed) {
      const at = each.indexOf(":");
      commits.set(Number(each.slice(0, at)), each.slice(at + 1).split(",") as ShardName[]);
    }
    origins.set(origin, { closed: Number(closed), unlisted: Number(unlisted), commits });
  }
  return origins;
}
