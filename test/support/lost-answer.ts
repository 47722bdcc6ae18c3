// What an error says about the transaction that met it.
import pg from "pg";

/**
 * What clients may be told while others are in their way and servers die: conflicts, locks and deadlocks; connections that
 * are lost, here or behind the gateway; servers that shut down or are starting. Anything else is a mistake of ours.
 */
export const expectedErrors: ReadonlySet<string> = new Set(
  "40001 40P01 55P03 lost 08001 08006 08007 57P01 57P02 57P03".split(" "),
);

/**
 * Whether a COMMIT (or a statement that commits by itself) that ended with this error may have happened all the same: the
 * client has lost its own connection, or the gateway says that it does not know. Whatever else it says is that nothing has
 * been committed (docs/transactions.md).
 */
export function mayHaveCommitted(error: unknown): boolean {
  const code = sqlStateOf(error);
  return code === "lost" || code === "08007";
}

/** The id of the distributed transaction whose outcome is unknown, where the error tells it. */
export function gidOf(error: unknown): string | undefined {
  const detail = error instanceof pg.DatabaseError ? error.detail : undefined;
  return detail?.match(/\bsg_\S+[^\s.]/)?.[0];
}

/** "lost": the connection was lost, or never there. Throws whatever is neither: the test itself is wrong. */
export function sqlStateOf(error: unknown): string {
  if (error instanceof pg.DatabaseError) return error.code ?? "";
  const isLost = error instanceof Error && (lostMessage.test(error.message) || ("code" in error && "syscall" in error));
  if (!isLost) throw error;
  return "lost";
}

/** As `pg` words it. */
const lostMessage =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout expired)/;
