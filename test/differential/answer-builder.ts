// Messages of a server, one by one, into an Answer.
import { parseErrorFields } from "../../src/pgwire/error-fields.ts";
import { backend, headerBytes } from "../../src/pgwire/message-type.ts";
import { parseRowDescription } from "../../src/pgwire/row-description.ts";
import { type Answer, errorFieldNames, type Result } from "./answer.ts";

export class AnswerBuilder {
  readonly #results: Result[] = [];
  readonly #notices: Record<string, string>[] = [];
  readonly #settings: string[] = [];
  readonly #notifications: string[] = [];
  #parameterTypes: number[] | undefined;
  #current: Result | undefined;

  take(type: number, bytes: Buffer): void {
    switch (type) {
      case backend.rowDescription:
        this.#result().fields = parseRowDescription(bytes).map(({ name, typeOid, typeModifier, format }) => ({
          name,
          typeOid,
          typeModifier,
          format,
        }));
        break;
      case backend.dataRow:
        this.#result().rows.push(readRow(bytes, this.#current?.fields ?? []));
        break;
      case backend.commandComplete:
        this.#end({ tag: textAt(bytes, headerBytes) });
        break;
      case backend.emptyQueryResponse:
        this.#end({ tag: "" });
        break;
      case backend.portalSuspended:
        this.#end({ tag: "(suspended)" });
        break;
      case backend.errorResponse:
        this.#end({ error: errorFields(bytes) });
        break;
      case backend.noticeResponse:
        this.#notices.push(errorFields(bytes));
        break;
      case backend.parameterStatus: {
        const name = textAt(bytes, headerBytes);
        this.#settings.push(`${name}=${textAt(bytes, headerBytes + Buffer.byteLength(name) + 1)}`);
        break;
      }
      case backend.notificationResponse: {
        const channel = textAt(bytes, headerBytes + 4);
        const payload = textAt(bytes, headerBytes + 4 + Buffer.byteLength(channel) + 1);
        this.#notifications.push(`${channel}:${payload}`);
        break;
      }
      case backend.parameterDescription: {
        const count = bytes.readUInt16BE(headerBytes);
        this.#parameterTypes = Array.from({ length: count }, (_, i) => bytes.readUInt32BE(headerBytes + 2 + 4 * i));
        break;
      }
      case backend.copyInResponse:
      case backend.copyOutResponse:
        this.#result().copy = `format ${bytes[headerBytes]}, ${bytes.readUInt16BE(headerBytes + 1)} columns`;
        break;
      case backend.copyData:
        this.#result().copied.push(bytes.toString("utf8", headerBytes));
        break;
      default:
        break;
    }
  }

  finish(status: string): Answer {
    if (this.#current) this.#results.push(this.#current);
    return {
      results: this.#results,
      parameterTypes: this.#parameterTypes,
      notices: this.#notices,
      settings: this.#settings,
      notifications: this.#notifications,
      status,
    };
  }

  #result(): Result {
    this.#current ??= { rows: [], copied: [] };
    return this.#current;
  }

  #end(last: Pick<Result, "tag" | "error">): void {
    this.#results.push(Object.assign(this.#result(), last));
    this.#current = undefined;
  }
}

function readRow(bytes: Buffer, fields: readonly { readonly format: number }[]): (string | null)[] {
  const count = bytes.readUInt16BE(headerBytes);
  const row: (string | null)[] = [];
  let at = headerBytes + 2;
  for (let i = 0; i < count; i++) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) {
      row.push(null);
      continue;
    }
    const isBinary = fields[i]?.format === 1;
    row.push(isBinary ? `\\x${bytes.toString("hex", at, at + length)}` : bytes.toString("utf8", at, at + length));
    at += length;
  }
  return row;
}

function errorFields(bytes: Buffer): Record<string, string> {
  const named: Record<string, string> = {};
  for (const [letter, value] of parseErrorFields(bytes)) {
    const name = errorFieldNames.get(letter);
    if (name !== undefined) named[name] = value;
  }
  return named;
}

function textAt(bytes: Buffer, at: number): string {
  return bytes.toString("utf8", at, bytes.indexOf(0, at));
}
