// Notices and warnings of the gateway's own.
import { encodeFields } from "../src/pgwire/error-fields.ts";
import { backend } from "../src/pgwire/message-type.ts";

export function noticeResponse(severity: "WARNING" | "NOTICE", code: string, message: string): Buffer {
  return encodeFields(
    backend.noticeResponse,
    new Map([
      ["S", severity],
      ["V", severity],
      ["C", code],
      ["M", message],
    ]),
  );
}
