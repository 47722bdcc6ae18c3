// RowDescription: names, types and formats of the columns that follow.
import { backend, headerBytes } from "./message-type.ts";
import { MessageWriter } from "./message-writer.ts";

export interface Field {
  readonly name: string;
  readonly tableOid: number;
  readonly columnNumber: number;
  readonly typeOid: number;
  readonly typeSize: number;
  readonly typeModifier: number;
  /** 0 text, 1 binary. */
  readonly format: number;
}

/** `message` includes its header. */
export function parseRowDescription(message: Buffer): Field[] {
  const count = message.readUInt16BE(headerBytes);
  const fields: Field[] = [];
  let at = headerBytes + 2;
  for (let i = 0; i < count; i++) {
    const nameEnd = message.indexOf(0, at);
    fields.push({
      name: message.toString("utf8", at, nameEnd),
      tableOid: message.readUInt32BE(nameEnd + 1),
      columnNumber: message.readInt16BE(nameEnd + 5),
      typeOid: message.readUInt32BE(nameEnd + 7),
      typeSize: message.readInt16BE(nameEnd + 11),
      typeModifier: message.readInt32BE(nameEnd + 13),
      format: message.readUInt16BE(nameEnd + 17),
    });
    at = nameEnd + 19;
  }
  return fields;
}

export function encodeRowDescription(fields: readonly Field[]): Buffer {
  const writer = new MessageWriter().begin(backend.rowDescription).int16(fields.length);
  for (const field of fields) {
    writer
      .cstring(field.name)
      .int32(field.tableOid)
      .int16(field.columnNumber)
      .int32(field.typeOid)
      .int16(field.typeSize)
      .int32(field.typeModifier)
      .int16(field.format);
  }
  return writer.end().take();
}

/** A column that the gateway answers by itself. */
export function gatewayField(name: string, typeOid: number, typeSize = -1): Field {
  return { name, tableOid: 0, columnNumber: 0, typeOid, typeSize, typeModifier: -1, format: 0 };
}

/** The columns as they come in these formats: none (text), one for all, or one per column, as in Bind. */
export function withFormats(fields: readonly Field[], formats: readonly number[]): Field[] {
  return fields.map((field, i) => ({ ...field, format: formats.length === 1 ? formats[0]! : (formats[i] ?? 0) }));
}

/** Whether a client that was told of `a` reads rows of `b` rightly. */
export function haveSameTypes(a: readonly Field[], b: readonly Field[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, typeOid, typeModifier }, i) => {
      const other = b[i]!;
      return name === other.name && typeOid === other.typeOid && typeModifier === other.typeModifier;
    })
  );
}

/** The same RowDescription with other object ids of types; the message itself is not changed. */
export function translateRowDescription(message: Buffer, translate: (typeOid: number) => number): Buffer {
  return encodeRowDescription(
    parseRowDescription(message).map((field) => ({ ...field, typeOid: translate(field.typeOid) })),
  );
}

/** The same for ParameterDescription. */
export function translateParameterDescription(message: Buffer, translate: (typeOid: number) => number): Buffer {
  const translated = Buffer.from(message);
  for (let at = headerBytes + 2; at < message.length; at += 4) {
    translated.writeUInt32BE(translate(message.readUInt32BE(at)), at);
  }
  return translated;
}
