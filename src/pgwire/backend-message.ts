// Messages that the gateway sends to clients by itself.
import { backend } from "./message-type.ts";
import { MessageWriter } from "./message-writer.ts";

const noBody = (type: number): Buffer => new MessageWriter().begin(type).end().take();

export const parseComplete = noBody(backend.parseComplete);
export const bindComplete = noBody(backend.bindComplete);
export const closeComplete = noBody(backend.closeComplete);
export const noData = noBody(backend.noData);
export const portalSuspended = noBody(backend.portalSuspended);
export const emptyQueryResponse = noBody(backend.emptyQueryResponse);
export const copyDone = noBody(backend.copyDone);
export const authenticationOk = new MessageWriter().begin(backend.authentication).int32(0).end().take();

/** `status` is one of `transactionStatus`. */
export function readyForQuery(status: number): Buffer {
  return new MessageWriter().begin(backend.readyForQuery).byte(status).end().take();
}

export function commandComplete(tag: string): Buffer {
  return new MessageWriter().begin(backend.commandComplete).cstring(tag).end().take();
}

export function parameterStatus(name: string, value: string): Buffer {
  return new MessageWriter().begin(backend.parameterStatus).cstring(name).cstring(value).end().take();
}

export function backendKeyData(processId: number, secret: Buffer): Buffer {
  return new MessageWriter().begin(backend.backendKeyData).int32(processId).bytes(secret).end().take();
}

export function authenticationSasl(mechanisms: readonly string[]): Buffer {
  const writer = new MessageWriter().begin(backend.authentication).int32(10);
  for (const mechanism of mechanisms) writer.cstring(mechanism);
  return writer.byte(0).end().take();
}

export function authenticationSaslContinue(data: string): Buffer {
  return new MessageWriter().begin(backend.authentication).int32(11).bytes(Buffer.from(data)).end().take();
}

export function authenticationSaslFinal(data: string): Buffer {
  return new MessageWriter().begin(backend.authentication).int32(12).bytes(Buffer.from(data)).end().take();
}

/** The newest minor version that we speak, and the protocol options that we do not know. */
export function negotiateProtocolVersion(minor: number, unknownOptions: readonly string[]): Buffer {
  const writer = new MessageWriter().begin(backend.negotiateProtocolVersion);
  writer.int32((3 << 16) | minor).int32(unknownOptions.length);
  for (const option of unknownOptions) writer.cstring(option);
  return writer.end().take();
}

/** Values in text format; null is SQL NULL. */
export function dataRow(values: readonly (string | null)[]): Buffer {
  const writer = new MessageWriter().begin(backend.dataRow).int16(values.length);
  for (const value of values) {
    if (value === null) {
      writer.int32(-1);
    } else {
      const bytes = Buffer.from(value);
      writer.int32(bytes.length).bytes(bytes);
    }
  }
  return writer.end().take();
}

/** `format` 0 text, 1 binary, for all `columns`. */
export function copyInResponse(format: number, columns: number): Buffer {
  const writer = new MessageWriter().begin(backend.copyInResponse).byte(format).int16(columns);
  for (let i = 0; i < columns; i++) writer.int16(format);
  return writer.end().take();
}

export function parameterDescription(typeOids: readonly number[]): Buffer {
  const writer = new MessageWriter().begin(backend.parameterDescription).int16(typeOids.length);
  for (const typeOid of typeOids) writer.int32(typeOid);
  return writer.end().take();
}
