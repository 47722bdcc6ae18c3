// ErrorResponse and NoticeResponse: bytes <-> fields. Manual: "Error and Notice Message Fields".
import { headerBytes } from "./message-type.ts";
import { SqlError, type SqlErrorFields } from "./sql-error.ts";

/** Letter -> value, in the order of the message. */
export function parseErrorFields(message: Buffer): Map<string, string> {
  const fields = new Map<string, string>();
  let at = headerBytes;
  while (at < message.length && message[at] !== 0) {
    const end = message.indexOf(0, at + 1);
    if (end < 0) break;
    fields.set(String.fromCharCode(message[at]!), message.toString("utf8", at + 1, end));
    at = end + 1;
  }
  return fields;
}

/** The error that a shard answered, to be thrown on its way to the client. */
export class ShardError extends SqlError {
  /** The fields as they came. */
  readonly raw: ReadonlyMap<string, string>;

  constructor(message: Buffer | ReadonlyMap<string, string>) {
    const raw = Buffer.isBuffer(message) ? parseErrorFields(message) : message;
    super({
      severity: severityOf(raw.get("V") ?? raw.get("S")),
      code: raw.get("C") ?? "XX000",
      message: raw.get("M") ?? "unknown error",
      detail: raw.get("D"),
      hint: raw.get("H"),
    });
    this.raw = raw;
  }

  /** The same error of a statement that the client does not know. */
  withoutPosition(): ShardError {
    const raw = new Map(this.raw);
    // Also those of an inner statement, and its text.
    for (const letter of "Ppq") raw.delete(letter);
    return new ShardError(raw);
  }

  /** The same error for a statement that begins `offset` characters into what the client sent; undefined: position unknown. */
  encode(type: number, offset: number | undefined): Buffer {
    const fields = new Map(this.raw);
    const position = fields.get("P");
    if (position !== undefined) {
      if (offset === undefined) fields.delete("P");
      else fields.set("P", String(Number(position) + offset));
    }
    return encodeFields(type, fields);
  }
}

function severityOf(text: string | undefined): "ERROR" | "FATAL" | "PANIC" {
  return text === "FATAL" || text === "PANIC" ? text : "ERROR";
}

export function encodeErrorFields(type: number, error: SqlErrorFields): Buffer {
  const fields = new Map<string, string>([
    ["S", error.severity ?? "ERROR"],
    ["V", error.severity ?? "ERROR"],
    ["C", error.code],
    ["M", error.message],
  ]);
  const add = (letter: string, value: string | number | undefined) => {
    if (value !== undefined) fields.set(letter, String(value));
  };
  add("D", error.detail);
  add("H", error.hint);
  add("P", error.position);
  add("s", error.schema);
  add("t", error.table);
  add("c", error.column);
  add("n", error.constraint);
  return encodeFields(type, fields);
}

export function encodeFields(type: number, fields: ReadonlyMap<string, string>): Buffer {
  let bytes = headerBytes + 1;
  for (const value of fields.values()) bytes += 2 + Buffer.byteLength(value);
  const message = Buffer.allocUnsafe(bytes);
  message[0] = type;
  message.writeInt32BE(bytes - 1, 1);
  let at = headerBytes;
  for (const [letter, value] of fields) {
    message[at++] = letter.charCodeAt(0);
    at += message.write(value, at);
    message[at++] = 0;
  }
  message[at] = 0;
  return message;
}
