// What the snapshots of several shards show of distributed commits, and whether they agree. A commit that one snapshot
// shows and that of another participant does not means that the latter is too old: commits never go away.
import { watch } from "../pgclient/answer-handler.ts";
import type { NeededStatement } from "../pgclient/server-connection.ts";
import { ShardError } from "../pgwire/error-fields.ts";
import { bindValuesMessage, executeMessage, parseTextMessage, syncMessage } from "../pgwire/frontend-encode.ts";
import { backend } from "../pgwire/message-type.ts";
import type { ShardName } from "../topology/snapshot.ts";
import type { Participant } from "./participant.ts";

/** What a snapshot shows of the transactions of one origin (one run of a gateway). */
export interface OriginCommits {
  /** Up to this number all are finished on every shard, and so visible if they are committed. */
  readonly closed: number;
  /** Up to this number some may not be listed by anybody any more. */
  readonly pruned: number;
  /** Number -> participants, keeper first, of the commits after `closed` that are visible. */
  readonly commits: ReadonlyMap<number, readonly ShardName[]>;
}

export type VisibleCommits = ReadonlyMap<string, OriginCommits>;

/**
 * A snapshot of one shard: it shows at least what `before` lists and at most what `after` lists. Where the list comes out of
 * the snapshot itself both are the same.
 */
export interface Observation {
  readonly shard: ShardName;
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
    const unsure = concerned.filter(({ before }) => !shows(before, origin, number));
    // One who may or may not show it is no half, if nobody else has the other one.
    if (concerned.length < 2) continue;
    for (const observation of unsure) {
      missing.push({ observation, shard: observation.shard, origin, number, participants });
    }
  }
  for (const { after } of observations) {
    for (const [origin, { pruned }] of after) {
      for (const observation of observations) {
        const known = observation.before.get(origin);
        if (known !== undefined && known.closed < pruned) {
          missing.push({ observation, shard: observation.shard, origin, number: pruned, participants: [] });
        }
      }
    }
  }
  return missing;
}

function shows(list: VisibleCommits, origin: string, number: number): boolean {
  const known = list.get(origin);
  return known !== undefined && (number <= known.closed || known.commits.has(number));
}

const listSql = `SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', o.origin, o.closed, o.pruned, c.commits), E'\\n')
  FROM shardgres.origins o
  LEFT JOIN LATERAL (
    SELECT pg_catalog.string_agg(pg_catalog.concat(c.number, ':', pg_catalog.array_to_string(c.participants, ',')), ' ') commits
    FROM shardgres.commits c
    WHERE c.origin = o.origin AND c.number > o.closed AND c.outcome = 'committed'
  ) c ON true`;
const list: NeededStatement = { name: "shardgres_commits", parse: parseTextMessage("shardgres_commits", listSql, []) };
const listRequest = [bindValuesMessage("", list.name, undefined, [], []), executeMessage(""), syncMessage];

/** Asks within the participant's transaction, at once. Uses the unnamed portal. Rejects with ShardError or AppError. */
export function askVisibleCommits(participant: Participant): Promise<VisibleCommits> {
  return new Promise((resolve, reject) => {
    let error: ShardError | undefined;
    let text = "";
    participant.request(
      listRequest,
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

/** Lines of "origin closed pruned number:shard,shard number:shard,shard". */
export function parseVisibleCommits(text: string): VisibleCommits {
  const origins = new Map<string, OriginCommits>();
  if (text === "") return origins;
  for (const line of text.split("\n")) {
    const [origin = "", closed, pruned, ...listed] = line.split(" ");
    const commits = new Map<number, readonly ShardName[]>();
    for (const each of listed) {
      const at = each.indexOf(":");
      commits.set(Number(each.slice(0, at)), each.slice(at + 1).split(",") as ShardName[]);
    }
    origins.set(origin, { closed: Number(closed), pruned: Number(pruned), commits });
  }
  return origins;
}
