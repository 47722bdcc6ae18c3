// Everything that the agent sees of its PostgreSQL, asked in one statement that works on primaries and standbys.
import { type Room, roomSettings } from "../../src/agent-api/settings-in-force.ts";
import { agentApplication } from "./session.ts";
import { controlRole } from "./upstream-service.ts";

/** Replay waits for sessions that read. */
const isReplayBlocked = `EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'startup'
    AND (wait_event_type IN ('Lock', 'BufferPin') OR wait_event LIKE 'RecoveryConflict%'))`;

/** Ends all sessions that may hold up replay, if it is held up. */
export const unblockReplayStatement = `
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND xact_start IS NOT NULL AND application_name <> '${agentApplication}'
  AND ${isReplayBlocked}`;

const room = roomSettings.map((name) => `'${name}', current_setting('${name}')::int`).join(", ");

/** One row with one column of JSON: `ObservedRow`. LSNs are numbers. */
export const observationQuery = `
SELECT json_build_object(
  'isStandby', s.is_standby,
  'systemIdentifier', (SELECT system_identifier::text FROM pg_control_system()),
  'timeline', CASE WHEN s.is_standby THEN greatest(
      (SELECT timeline_id FROM pg_control_checkpoint()),
      (SELECT min_recovery_end_timeline FROM pg_control_recovery()),
      r.received_tli)
    ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int END,
  'settings', coalesce((SELECT to_json(c.setconfig) FROM pg_db_role_setting c JOIN pg_roles o ON o.oid = c.setrole
    WHERE o.rolname = '${controlRole}' AND c.setdatabase = 0), '[]'),
  'flushedLsn', CASE WHEN s.is_standby THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_flush_lsn() END - '0/0'::pg_lsn,
  'replayedLsn', CASE WHEN s.is_standby THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END - '0/0'::pg_lsn,
  'replayedAgeMs', round(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000),
  'heardAgeMs', round(extract(epoch FROM clock_timestamp() - r.last_msg_receipt_time) * 1000),
  'receiverName', substring(r.conninfo FROM 'application_name=([^ ]*)'),
  'receiverStatus', r.status,
  'hasReceiver', EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'walreceiver'),
  'startupWaitsFor', (SELECT wait_event FROM pg_stat_activity WHERE backend_type = 'startup'),
  'isReplayBlocked', ${isReplayBlocked},
  'standbys', coalesce((SELECT json_agg(json_build_object(
      'applicationName', application_name,
      'flushedLsn', coalesce(flush_lsn - '0/0'::pg_lsn, 0),
      'replayedLsn', coalesce(replay_lsn - '0/0'::pg_lsn, 0),
      'isStreaming', state = 'streaming',
      'isSynchronous', sync_state IN ('sync', 'quorum')) ORDER BY application_name)
    FROM pg_stat_replication WHERE state <> 'backup'), '[]'),
  'transactions', (SELECT json_build_object('open', count(*),
      'oldestMs', coalesce(max(round(extract(epoch FROM clock_timestamp() - xact_start) * 1000)), 0))
    FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND xact_start IS NOT NULL AND application_name <> '${agentApplication}'),
  'pendingRestart', EXISTS (SELECT FROM pg_settings WHERE pending_restart),
  'room', json_build_object(${room})) AS observed
FROM (SELECT pg_is_in_recovery() AS is_standby) AS s LEFT JOIN pg_stat_wal_receiver AS r ON true`;

export interface ObservedRow {
  readonly isStandby: boolean;
  readonly systemIdentifier: string;
  readonly timeline: number;
  /** Of role `shardgres`: "shardgres.term=7". */
  readonly settings: readonly string[];
  /** Standby: null when nothing was received since its start. */
  readonly flushedLsn: number | null;
  readonly replayedLsn: number | null;
  readonly replayedAgeMs: number | null;
  readonly heardAgeMs: number | null;
  readonly receiverName: string | null;
  readonly receiverStatus: string | null;
  /** Also while it connects, which the view of receivers does not show. */
  readonly hasReceiver: boolean;
  readonly startupWaitsFor: string | null;
  readonly isReplayBlocked: boolean;
  readonly standbys: readonly {
    readonly applicationName: string;
    readonly flushedLsn: number;
    readonly replayedLsn: number;
    readonly isStreaming: boolean;
    readonly isSynchronous: boolean;
  }[];
  readonly transactions: { readonly open: number; readonly oldestMs: number };
  readonly pendingRestart: boolean;
  readonly room: Room;
}
