// NoticeResponse: what the gateway itself tells a client while it works.
import { encodeFields } from "./error-fields.ts";
import { backend } from "./message-type.ts";

/** `code` is an SQLSTATE; 00000 for a NOTICE that is no warning. */
export function noticeResponse(severity: "WARNING" | "NOTICE", code: string, message: string): Buffer {
  const fields = [
    ["S", severity],
    ["V", severity],
    ["C", code],
    ["M", message],
  ] as const;
  return encodeFields(backend.noticeResponse, new Map(fields));
}
