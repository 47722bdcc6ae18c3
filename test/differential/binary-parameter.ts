// Parameters as drivers send them in binary, for the types whose binary form is easy to write.
import { oid } from "../../src/pgwire/oid.ts";
import type { ParameterValue } from "./case-file.ts";
import type { Parameter } from "./extended-batch.ts";

export function textParameter(value: ParameterValue): Parameter {
  return { format: 0, value: value === null ? null : Buffer.from(String(value)) };
}

/** In binary where it can be, else in text: a client may mix them. */
export function binaryParameter(value: ParameterValue, typeOid: number): Parameter {
  const bytes = value === null ? null : binaryValue(String(value), typeOid);
  return bytes === undefined ? textParameter(value) : { format: 1, value: bytes };
}

function binaryValue(text: string, typeOid: number): Buffer | undefined {
  switch (typeOid) {
    case oid.int2:
      return written(2, (bytes) => bytes.writeInt16BE(Number(text)));
    case oid.int4:
      return written(4, (bytes) => bytes.writeInt32BE(Number(text)));
    case oid.int8:
      return written(8, (bytes) => bytes.writeBigInt64BE(BigInt(text)));
    case oid.float8:
      return written(8, (bytes) => bytes.writeDoubleBE(Number(text)));
    case oid.bool:
      return written(1, (bytes) => bytes.writeUInt8(text === "true" || text === "t" ? 1 : 0));
    case oid.uuid:
      return Buffer.from(text.replaceAll("-", ""), "hex");
    case oid.text:
    case oid.varchar:
    case oid.bpchar:
    case oid.json:
      return Buffer.from(text);
    default:
      return undefined;
  }
}

function written(length: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(length);
  write(bytes);
  return bytes;
}
