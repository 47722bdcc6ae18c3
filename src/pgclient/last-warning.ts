// What a server says when it crashes, or is shut down at once: a WARNING, and then it closes the connection (quickdie in
// tcop/postgres.c). It is about that connection, and not about what anybody has asked for.
import { parseErrorFields } from "../pgwire/error-fields.ts";

/**
 * crash_shutdown; or admin_shutdown without details, for with them it says that a commit does not wait for its standby any
 * more.
 */
export function isLastWarning(notice: Buffer): boolean {
  const fields = parseErrorFields(notice);
  const code = fields.get("C");
  return code === "57P02" || (code === "57P01" && !fields.has("D"));
}
