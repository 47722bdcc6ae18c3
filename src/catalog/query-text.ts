// How this room asks a database, whoever holds the connection: a control connection, or a session's own transaction.

/**
 * Runs one statement and gives its single value, of one row and one column, as text. The search path of a control
 * connection should name no schema in which others may create functions (`-c search_path=pg_catalog`).
 */
export type QueryText = (sql: string) => Promise<string>;
