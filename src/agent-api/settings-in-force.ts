// How the cluster's settings are in force on a tablet. The primary's agent goes by it when it lets one tablet after the
// other start again.
import type { Json } from "../base/json.ts";
import type { MessageFields } from "./message-fields.ts";

export interface SettingsInForce {
  /** Of the settings that the tablet has taken notice of last, be it that it refuses them. */
  readonly digest: string;
  /** Names of those that count from the next start on. */
  readonly restartPending: readonly string[];
  /** Why they are not in force; those of before are then. */
  readonly refused?: string;
  /** What a standby must have room for as its primary has, and for how much PostgreSQL has room now. */
  readonly room?: Room;
  /** A primary says: whose turn it is to start again. */
  readonly restarts?: string;
}

/** Of these a standby must not have less than its primary (manual: "Hot Standby"). */
export const roomSettings = [
  "max_connections",
  "max_worker_processes",
  "max_wal_senders",
  "max_prepared_transactions",
  "max_locks_per_transaction",
] as const;

export type Room = { readonly [name in (typeof roomSettings)[number]]: number };

/** Throws AppError "invalid-message". */
export function readSettingsInForce(fields: MessageFields): SettingsInForce {
  const refused = fields.optional("refused", fields.sentence);
  const room = fields.optional("room", (name) => readRoom(fields.object(name)));
  const restarts = fields.optional("restarts", fields.text);
  return {
    digest: fields.text("digest"),
    restartPending: fields.texts("restartPending"),
    ...(refused !== undefined && { refused }),
    ...(room && { room }),
    ...(restarts !== undefined && { restarts }),
  };
}

export function writeSettingsInForce({ digest, restartPending, refused, room, restarts }: SettingsInForce): Json {
  return {
    digest,
    restartPending,
    ...(refused !== undefined && { refused }),
    ...(room && { room }),
    ...(restarts !== undefined && { restarts }),
  };
}

function readRoom(fields: MessageFields): Room {
  return Object.fromEntries(roomSettings.map((name) => [name, fields.integer(name)])) as Room;
}
