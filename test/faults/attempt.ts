// What a client experiences of a transaction.
import pg from "pg";

export type Outcome =
  | { readonly kind: "committed" }
  /** Told so by the gateway. `gid`: where the outcome is unknown (08007). */
  | { readonly kind: "error"; readonly code: string; readonly message: string; readonly gid: string | undefined }
  /** The connection is lost: it was told nothing. */
  | { readonly kind: "lost" };

/** Never rejects for what a gateway or its end can do. */
export async function attempt(transaction: () => Promise<void>): Promise<Outcome> {
  try {
    await transaction();
    return { kind: "committed" };
  } catch (error) {
    if (error instanceof pg.DatabaseError) {
      const { code = "", message, detail = "" } = error;
      return { kind: "error", code, message, gid: /\bsg_[\w.-]+/.exec(detail)?.[0].replace(/\.$/, "") };
    }
    if (error instanceof Error && /terminated|ECONNRESET|EPIPE|not queryable/.test(error.message)) {
      return { kind: "lost" };
    }
    throw error;
  }
}

export function asText(outcome: Outcome): string {
  return outcome.kind === "error" ? `${outcome.code} ${outcome.message}` : outcome.kind;
}
