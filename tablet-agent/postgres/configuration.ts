// The configuration of a tablet's PostgreSQL, as text. Pure. It is written anew at every start and every change, after
// what initdb chose, so that it wins. ALTER SYSTEM overrides it, but for what the agent needs to be as it says
// (src/topology/reserved-settings.ts).
import type { SynchronousStandbys } from "./server.ts";

export interface ServerSettings {
  /** As shown by `ps` and in `cluster_name`. */
  readonly name: string;
  readonly socketDirectory: string;
  readonly port: number;
  /** Off only where data may be lost, as in tests. */
  readonly fsync: boolean;
  /** Left out: clients come through the socket only. */
  readonly listenAddresses?: string | undefined;
  readonly tls?: TlsFiles | undefined;
}

export interface TlsFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Who signs the certificates of the cluster. With it, tablets speak to each other by TLS only. */
  readonly authorityFile?: string;
}

/** What a tablet that is replicated has besides. */
export interface ReplicatedSettings {
  readonly postgresMajor: number;
  /** How much WAL is kept for standbys that are away. */
  readonly slotWalBytesMax: number;
  /** The cluster's own choice; none of them is reserved. */
  readonly chosen: Readonly<Record<string, string>>;
  /** Rises with every change, so that a session can tell which one is in force. */
  readonly revision: number;
  readonly role: ConfiguredRole;
}

export type ConfiguredRole =
  | {
      readonly kind: "primary";
      readonly synchronous: SynchronousStandbys | undefined;
      readonly slots: readonly string[];
    }
  | {
      readonly kind: "standby";
      /** `conninfo` and `slot` at the primary; undefined: it follows nobody. */
      readonly source: { readonly conninfo: string; readonly slot: string } | undefined;
    };

type Setting = readonly [name: string, value: string];

/** Shows which configuration is in force. */
export const revisionSetting = "shardgres.configuration";

/**
 * Of a standby, and of a primary whose WAL does not say its term yet: nobody has this name, so nobody acknowledges a
 * commit.
 */
const nobody: SynchronousStandbys = { acknowledgements: 1, names: ["nobody may acknowledge"] };

/** Content of shardgres.conf. */
export function serverConfiguration(server: ServerSettings, replicated?: ReplicatedSettings): string {
  const settings = [...serverSettings(server), ...(replicated ? replicatedSettings(server, replicated) : [])];
  const lines = settings.map(([setting, value]) => `${setting} = ${value}`);
  return `# Written by the tablet agent at every start. Use ALTER SYSTEM to change a setting.\n${lines.join("\n")}\n`;
}

function serverSettings({ name, socketDirectory, port, fsync, listenAddresses, tls }: ServerSettings): Setting[] {
  return [
    ["cluster_name", quoted(name)],
    // Gateways of this machine come through the socket, whose directory nobody else may enter.
    ["listen_addresses", quoted(listenAddresses ?? "")],
    ["port", String(port)],
    ["unix_socket_directories", quoted(`"${socketDirectory}"`)],
    ["unix_socket_permissions", "0700"],
    ["max_connections", "300"],
    // One for each distributed transaction that is between its two phases, and those in doubt.
    ["max_prepared_transactions", "200"],
    // Resharding reads by logical decoding.
    ["wal_level", "logical"],
    ["shared_buffers", "'128MB'"],
    ["password_encryption", "'scram-sha-256'"],
    ["log_line_prefix", "'%m [%p] %q%u@%d '"],
    ["logging_collector", "off"],
    ["log_destination", "'stderr'"],
    ...(tls ? tlsSettings(tls) : []),
    ...(fsync ? [] : ([["fsync", "off"]] as const)),
  ];
}

function tlsSettings({ certificateFile, keyFile, authorityFile }: TlsFiles): Setting[] {
  return [
    ["ssl", "on"],
    ["ssl_cert_file", quoted(certificateFile)],
    ["ssl_key_file", quoted(keyFile)],
    ...(authorityFile === undefined ? [] : ([["ssl_ca_file", quoted(authorityFile)]] as const)),
  ];
}

function replicatedSettings({ fsync }: ServerSettings, replicated: ReplicatedSettings): Setting[] {
  const { postgresMajor, slotWalBytesMax, chosen, revision, role } = replicated;
  return [
    ["hot_standby", "on"],
    ["max_wal_senders", "30"],
    ["max_replication_slots", "50"],
    // For the agents, when clients have taken all others.
    ["superuser_reserved_connections", "10"],
    // A peer that is gone without a word is found in seconds.
    ["wal_sender_timeout", "'5s'"],
    ["wal_receiver_timeout", "'5s'"],
    ["max_slot_wal_keep_size", `'${Math.ceil(slotWalBytesMax / 1024 ** 2)}MB'`],
    // Logical slots of the primary are kept up to date on the standbys, which needs the feedback.
    ...(postgresMajor >= 17
      ? ([
          ["sync_replication_slots", "on"],
          ["hot_standby_feedback", "on"],
        ] as const)
      : []),
    // What is not on disk need not be whole, but standbys and pg_rewind need whole pages in the WAL.
    ["full_page_writes", "on"],
    ...Object.entries(chosen).map(([name, value]): Setting => [name, quoted(value)]),
    ...(fsync ? [] : ([["fsync", "off"]] as const)),
    ...(role.kind === "primary" ? primarySettings(role, postgresMajor) : standbySettings(role, postgresMajor)),
    [revisionSetting, quoted(String(revision))],
  ];
}

function primarySettings(role: ConfiguredRole & { kind: "primary" }, postgresMajor: number): Setting[] {
  return [
    ["default_transaction_read_only", "off"],
    ["synchronous_standby_names", quoted(standbyNames(role.synchronous))],
    ["primary_conninfo", "''"],
    ["primary_slot_name", "''"],
    // Nobody gets changes by logical replication that a failover could take back.
    ...(postgresMajor >= 17 ? ([["synchronized_standby_slots", quoted(role.slots.join(", "))]] as const) : []),
  ];
}

function standbySettings({ source }: ConfiguredRole & { kind: "standby" }, postgresMajor: number): Setting[] {
  return [
    // After a promotion nobody writes before the WAL says the new term.
    ["default_transaction_read_only", "on"],
    ["synchronous_standby_names", quoted(standbyNames(nobody))],
    ["primary_conninfo", quoted(source?.conninfo ?? "")],
    ["primary_slot_name", quoted(source?.slot ?? "")],
    ["wal_retrieve_retry_interval", source ? "'500ms'" : "'200ms'"],
    // Who follows nobody may be about to become primary: nothing may hold up its replay.
    ...(source
      ? []
      : ([
          ["max_standby_archive_delay", "0"],
          ["max_standby_streaming_delay", "0"],
          ["recovery_min_apply_delay", "0"],
        ] as const)),
    ...(postgresMajor >= 17 ? ([["synchronized_standby_slots", "''"]] as const) : []),
  ];
}

/** Value of synchronous_standby_names; undefined: commits wait for nobody. */
export function standbyNames(synchronous: SynchronousStandbys | undefined): string {
  if (synchronous === undefined) return "";
  const names = synchronous.names.map((name) => `"${name.replaceAll('"', '""')}"`);
  return `ANY ${synchronous.acknowledgements} (${names.join(", ")})`;
}

/** Nobody's acknowledgement counts: commits wait. */
export const nobodyAcknowledges = nobody;

/** Content of pg_hba.conf. `network`: who is to be let in by TCP, always with a password. */
export function clientAuthentication(method: "trust" | "scram-sha-256", network = false): string {
  const lines = [`local all all ${method}`, `local replication all ${method}`];
  if (network) lines.push("host all all all scram-sha-256", "host replication all all scram-sha-256");
  return `# Written by the tablet agent at every start.\n${lines.join("\n")}\n`;
}

/** The manual: "Setting Parameters", single quotes inside are doubled; backslashes are escapes. */
export function quoted(value: string): string {
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
