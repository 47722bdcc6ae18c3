// The configuration of a tablet's PostgreSQL, as text. Pure. It is written anew at every start, after what initdb chose,
// so that it wins; only ALTER SYSTEM overrides it.

export interface ServerSettings {
  /** As shown by `ps` and in `cluster_name`. */
  readonly name: string;
  readonly socketDirectory: string;
  readonly port: number;
  /** Off only where data may be lost, as in tests. */
  readonly fsync: boolean;
}

/** Content of shardgres.conf. */
export function serverConfiguration({ name, socketDirectory, port, fsync }: ServerSettings): string {
  const settings: readonly (readonly [string, string])[] = [
    ["cluster_name", quoted(name)],
    // Gateways of this machine come through the socket, whose directory nobody else may enter.
    ["listen_addresses", "''"],
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
    ...(fsync
      ? []
      : ([
          ["fsync", "off"],
          ["full_page_writes", "off"],
        ] as const)),
  ];
  const lines = settings.map(([setting, value]) => `${setting} = ${value}`);
  return `# Written by the tablet agent at every start. Use ALTER SYSTEM to change a setting.\n${lines.join("\n")}\n`;
}

/** Content of pg_hba.conf. */
export function clientAuthentication(method: "trust" | "scram-sha-256"): string {
  return `# Written by the tablet agent at every start.\nlocal all all ${method}\nlocal replication all ${method}\n`;
}

/** The manual: "Setting Parameters", single quotes inside are doubled; backslashes are escapes. */
export function quoted(value: string): string {
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
