// Settings that the agent must have as it says: which role PostgreSQL has, who acknowledges its commits, where it listens
// and logs. Nobody else sets them, neither in the cluster's settings nor by ALTER SYSTEM.

const reserved = new Set(
  [
    ["primary_conninfo", "primary_slot_name", "synchronous_standby_names", "synchronized_standby_slots"],
    ["default_transaction_read_only", "hot_standby", "wal_level", "fsync", "full_page_writes"],
    ["recovery_target", "recovery_target_action", "recovery_target_inclusive", "recovery_target_lsn"],
    ["recovery_target_name", "recovery_target_time", "recovery_target_timeline", "recovery_target_xid"],
    ["recovery_end_command", "recovery_min_apply_delay", "wal_retrieve_retry_interval"],
    ["cluster_name", "data_directory", "config_file", "hba_file", "ident_file", "external_pid_file"],
    ["listen_addresses", "port", "unix_socket_directories", "unix_socket_permissions", "unix_socket_group"],
    ["ssl", "ssl_cert_file", "ssl_key_file", "ssl_ca_file"],
    ["logging_collector", "log_destination", "restart_after_crash", "allow_alter_system"],
    ["shardgres.configuration", "shardgres.term", "shardgres.terms"],
  ].flat(),
);

export function isReserved(name: string): boolean {
  return reserved.has(name.toLowerCase());
}

/** Content of postgresql.auto.conf (ALTER SYSTEM writes one setting on each line) without what is reserved. */
export function withoutReserved(automatic: string): string {
  const isFree = (line: string) => {
    const [, name] = /^\s*([\w.$]+)\s*=/.exec(line) ?? [];
    return name === undefined || !isReserved(name);
  };
  return automatic.split("\n").filter(isFree).join("\n");
}
