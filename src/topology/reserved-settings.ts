// PostgreSQL's settings that nobody may choose for a cluster, because Shardgres needs them to be as it says: which role a
// PostgreSQL has, who acknowledges its commits, where it listens and logs; and what it must have room for at least.

const replication = "it says which role a tablet has and whom it follows, which failover decides";
const acknowledgement = "the durability of the shards says whose acknowledgement a commit waits for";
const recovery = "a tablet that becomes primary must have replayed all that it has";
const durable = "without it a standby or a rewound tablet could lack what has been committed";
const logical = "resharding reads by logical decoding";
const files = "the tablet agent keeps data and configuration where it finds them again";
const address = "the topology says where a tablet is reached";
const certificates = "the tablet agent is told them where it is started";
const logging = "the tablet agent reads PostgreSQL's log";
const crash = "the tablet agent decides what is done after a crash";
const written = "the tablet agent writes it";

const reasons = new Map(
  [
    [
      replication,
      "primary_conninfo primary_slot_name default_transaction_read_only hot_standby wal_retrieve_retry_interval",
    ],
    [acknowledgement, "synchronous_standby_names synchronized_standby_slots synchronous_commit"],
    [recovery, "recovery_target recovery_target_action recovery_target_inclusive recovery_target_lsn"],
    [recovery, "recovery_target_name recovery_target_time recovery_target_timeline recovery_target_xid"],
    [recovery, "recovery_end_command recovery_min_apply_delay"],
    [replication, "restore_command"],
    [durable, "fsync full_page_writes"],
    [logical, "wal_level"],
    [files, "data_directory config_file hba_file ident_file external_pid_file"],
    [address, "cluster_name listen_addresses port unix_socket_directories unix_socket_permissions unix_socket_group"],
    [certificates, "ssl ssl_cert_file ssl_key_file ssl_ca_file"],
    [logging, "logging_collector log_destination log_line_prefix lc_messages"],
    [crash, "restart_after_crash"],
    [written, "allow_alter_system shardgres.configuration shardgres.term shardgres.terms"],
  ].flatMap(([reason, names]) => names!.split(" ").map((name) => [name, reason!] as const)),
);

/** Why nobody may choose it, as a part of a sentence; undefined: anybody may. */
export function reservedBecause(name: string): string | undefined {
  return reasons.get(name.toLowerCase());
}
