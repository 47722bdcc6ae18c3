// Messages from a client, decoded only as far as routing needs: names, formats, and where the values lie.
import { SqlError } from "./sql-error.ts";

export interface ParseMessage {
  readonly statement: string;
  readonly text: string;
  /** Declared types; 0 where the server is to find out. */
  readonly parameterTypes: readonly number[];
  /** The bytes behind the statement's name: text and types, to be sent on under another name. */
  readonly rest: Buffer;
}

export interface BindMessage {
  readonly portal: string;
  readonly statement: string;
  readonly parameters: BoundParameters;
  /** As sent: none, one for all, or one per column. */
  readonly resultFormats: readonly number[];
  /** The bytes behind the two names. */
  readonly rest: Buffer;
}

/** Values of $1, $2, ... as slices of the message that brought them. */
export interface BoundParameters {
  readonly count: number;
  /** As sent: none, one for all, or one per parameter. */
  readonly formats: readonly number[];
  readonly bytes: Buffer;
  /** Start of each value in `bytes`. */
  readonly starts: readonly number[];
  /** Length of each value; -1 for NULL. */
  readonly lengths: readonly number[];
}

/** 0 text, 1 binary; `index` from 0. */
export function parameterFormat(parameters: BoundParameters, index: number): number {
  const { formats } = parameters;
  return formats.length === 0 ? 0 : formats.length === 1 ? formats[0]! : formats[index]!;
}

export interface TargetMessage {
  readonly kind: "statement" | "portal";
  readonly name: string;
}

const truncated = () => new SqlError({ code: "08P01", message: "insufficient data left in message" });

/** Reads a message body; every step checks that the bytes are there. */
class BodyReader {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.at = 5;
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw truncated();
    return this.bytes[this.at++]!;
  }

  int16(): number {
    if (this.at + 2 > this.bytes.length) throw truncated();
    this.at += 2;
    return this.bytes.readUInt16BE(this.at - 2);
  }

  int32(): number {
    if (this.at + 4 > this.bytes.length) throw truncated();
    this.at += 4;
    return this.bytes.readInt32BE(this.at - 4);
  }

  cstring(): string {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) throw new SqlError({ code: "08P01", message: "invalid string in message" });
    const text = this.bytes.toString("utf8", this.at, end);
    this.at = end + 1;
    return text;
  }

  skip(length: number): void {
    if (this.at + length > this.bytes.length) throw truncated();
    this.at += length;
  }

  end(): void {
    if (this.at !== this.bytes.length) throw new SqlError({ code: "08P01", message: "invalid message format" });
  }
}

export function decodeQuery(message: Buffer): string {
  const reader = new BodyReader(message);
  const text = reader.cstring();
  reader.end();
  return text;
}

export function decodeParse(message: Buffer): ParseMessage {
  const reader = new BodyReader(message);
  const statement = reader.cstring();
  const restStart = reader.at;
  const text = reader.cstring();
  const count = reader.int16();
  const parameterTypes: number[] = [];
  for (let i = 0; i < count; i++) parameterTypes.push(reader.int32() >>> 0);
  reader.end();
  return { statement, text, parameterTypes, rest: message.subarray(restStart) };
}

export function decodeBind(message: Buffer): BindMessage {
  const reader = new BodyReader(message);
  const portal = reader.cstring();
  const statement = reader.cstring();
  const restStart = reader.at;
  const formats = formatCodes(reader);
  const count = reader.int16();
  if (formats.length > 1 && formats.length !== count) {
    throw new SqlError({
      code: "08P01",
      message: `bind message has ${formats.length} parameter formats but ${count} parameters`,
    });
  }
  const starts: number[] = [];
  const lengths: number[] = [];
  for (let i = 0; i < count; i++) {
    const length = reader.int32();
    if (length < -1) throw truncated();
    starts.push(reader.at);
    lengths.push(length);
    if (length > 0) reader.skip(length);
  }
  const resultFormats = formatCodes(reader);
  reader.end();
  return {
    portal,
    statement,
    parameters: { count, formats, bytes: message, starts, lengths },
    resultFormats,
    rest: message.subarray(restStart),
  };
}

function formatCodes(reader: BodyReader): number[] {
  const count = reader.int16();
  const formats: number[] = [];
  for (let i = 0; i < count; i++) {
    const format = reader.int16();
    if (format > 1) throw new SqlError({ code: "22023", message: `unsupported format code: ${format}` });
    formats.push(format);
  }
  return formats;
}

/** Describe and Close. */
export function decodeTarget(message: Buffer): TargetMessage {
  const reader = new BodyReader(message);
  const letter = String.fromCharCode(reader.byte());
  const name = reader.cstring();
  reader.end();
  if (letter !== "S" && letter !== "P") {
    throw new SqlError({ code: "08P01", message: `invalid message subtype "${letter}"` });
  }
  return { kind: letter === "S" ? "statement" : "portal", name };
}

export function decodeExecute(message: Buffer): { readonly portal: string; readonly rowLimit: number } {
  const reader = new BodyReader(message);
  const portal = reader.cstring();
  const rowLimit = reader.int32();
  reader.end();
  // PostgreSQL takes zero and less as "no limit".
  return { portal, rowLimit: Math.max(0, rowLimit) };
}
