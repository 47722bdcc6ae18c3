// Messages that our processes send to PostgreSQL by themselves. What pg-protocol can write, it writes.
import { serialize } from "pg-protocol";
import { type BoundParameters, parameterFormat } from "./frontend-message.ts";
import { frontend } from "./message-type.ts";
import { MessageWriter } from "./message-writer.ts";

export const syncMessage: Buffer = serialize.sync();
export const flushMessage: Buffer = serialize.flush();
export const terminateMessage: Buffer = serialize.end();
export const copyDoneMessage: Buffer = serialize.copyDone();

/** Adds `client_encoding` UTF8. */
export function startupMessage(parameters: Readonly<Record<string, string>>): Buffer {
  return serialize.startup({ ...parameters });
}

export function queryMessage(text: string): Buffer {
  return serialize.query(text);
}

export function copyFailMessage(reason: string): Buffer {
  return serialize.copyFail(reason);
}

/** `rest`: text and parameter types as they stand behind the name in a client's Parse. */
export function parseMessage(name: string, rest: Buffer): Buffer {
  return named(frontend.parse, [name], rest);
}

export function parseTextMessage(name: string, text: string, parameterTypes: readonly number[]): Buffer {
  const writer = new MessageWriter().begin(frontend.parse).cstring(name).cstring(text).int16(parameterTypes.length);
  for (const typeOid of parameterTypes) writer.int32(typeOid);
  return writer.end().take();
}

/** `rest`: formats and values as they stand behind the names in a client's Bind. */
export function bindMessage(portal: string, statement: string, rest: Buffer): Buffer {
  return named(frontend.bind, [portal, statement], rest);
}

/** Bind with the client's parameters followed by `more` (binary; null is SQL NULL), and formats of our own. */
export function bindValuesMessage(
  portal: string,
  statement: string,
  parameters: BoundParameters | undefined,
  more: readonly (Uint8Array | null)[],
  resultFormats: readonly number[],
): Buffer {
  const own = parameters?.count ?? 0;
  const writer = new MessageWriter().begin(frontend.bind).cstring(portal).cstring(statement);
  writer.int16(own + more.length);
  for (let i = 0; i < own; i++) writer.int16(parameterFormat(parameters!, i));
  for (let i = 0; i < more.length; i++) writer.int16(1);
  writer.int16(own + more.length);
  for (let i = 0; i < own; i++) {
    const length = parameters!.lengths[i]!;
    writer.int32(length);
    if (length > 0) writer.bytes(parameters!.bytes.subarray(parameters!.starts[i]!, parameters!.starts[i]! + length));
  }
  for (const value of more) {
    writer.int32(value === null ? -1 : value.length);
    if (value !== null) writer.bytes(value);
  }
  writer.int16(resultFormats.length);
  for (const format of resultFormats) writer.int16(format);
  return writer.end().take();
}

export function describeMessage(kind: "statement" | "portal", name: string): Buffer {
  return serialize.describe({ type: kind === "statement" ? "S" : "P", name });
}

export function closeMessage(kind: "statement" | "portal", name: string): Buffer {
  return serialize.close({ type: kind === "statement" ? "S" : "P", name });
}

/** `rowLimit` 0: all rows. */
export function executeMessage(portal: string, rowLimit = 0): Buffer {
  return new MessageWriter().begin(frontend.execute).cstring(portal).int32(rowLimit).end().take();
}

function named(type: number, names: readonly string[], rest: Buffer): Buffer {
  const writer = new MessageWriter().begin(type);
  for (const name of names) writer.cstring(name);
  return writer.bytes(rest).end().take();
}
