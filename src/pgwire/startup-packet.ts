// What a client sends before it has a protocol: a startup message, or a request for TLS, GSSAPI or a cancel.
// Manual: "Start-up" (protocol-flow-start-up), "Message Formats": StartupMessage.
import { SqlError } from "./sql-error.ts";

export type StartupPacket =
  | { readonly kind: "ssl-request" }
  | { readonly kind: "gssenc-request" }
  | { readonly kind: "cancel-request"; readonly processId: number; readonly secret: Buffer }
  | {
      readonly kind: "startup";
      readonly major: number;
      readonly minor: number;
      readonly parameters: ReadonlyMap<string, string>;
    };

/** MAX_STARTUP_PACKET_LENGTH of PostgreSQL. */
export const startupPacketMaxBytes = 10_000;

const sslRequestCode = 80877103;
const gssencRequestCode = 80877104;
const cancelRequestCode = 80877102;

/** The length of the packet that begins here, once four bytes are there. Throws for an impossible one. */
export function startupPacketLength(bytes: Buffer): number | undefined {
  if (bytes.length < 4) return undefined;
  const length = bytes.readInt32BE(0);
  if (length < 8 || length > startupPacketMaxBytes) throw protocolError("invalid length of startup packet");
  return length;
}

/** `bytes` is exactly one packet. */
export function parseStartupPacket(bytes: Buffer): StartupPacket {
  const code = bytes.readInt32BE(4);
  switch (code) {
    case sslRequestCode:
      return { kind: "ssl-request" };
    case gssencRequestCode:
      return { kind: "gssenc-request" };
    case cancelRequestCode:
      if (bytes.length < 12) throw protocolError("invalid length of cancel request");
      return { kind: "cancel-request", processId: bytes.readInt32BE(8), secret: Buffer.from(bytes.subarray(12)) };
    default:
      return { kind: "startup", major: code >>> 16, minor: code & 0xffff, parameters: parseParameters(bytes) };
  }
}

function parseParameters(bytes: Buffer): Map<string, string> {
  const parameters = new Map<string, string>();
  if (bytes[bytes.length - 1] !== 0) {
    throw protocolError("invalid startup packet layout: expected terminator as last byte");
  }
  let at = 8;
  while (at < bytes.length - 1) {
    const nameEnd = bytes.indexOf(0, at);
    const valueEnd = nameEnd < 0 ? -1 : bytes.indexOf(0, nameEnd + 1);
    if (valueEnd < 0 || valueEnd === bytes.length - 1) {
      throw protocolError("invalid startup packet layout: expected terminator as last byte");
    }
    parameters.set(bytes.toString("utf8", at, nameEnd), bytes.toString("utf8", nameEnd + 1, valueEnd));
    at = valueEnd + 1;
  }
  return parameters;
}

function protocolError(message: string): SqlError {
  return new SqlError({ severity: "FATAL", code: "08P01", message });
}
