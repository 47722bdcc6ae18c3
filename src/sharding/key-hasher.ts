// From the values of a shard key to its bucket: the components are hashed one by one, straight from the bytes of a message
// where there are any, and combined as hash_record_extended does. Nothing is allocated.
import { unreachable } from "../base/assert.ts";
import { hashBoolBinary, hashBoolText } from "./hash-bool.ts";
import { hashByteaBinary, hashByteaText } from "./hash-bytea.ts";
import {
  hashDateBinary,
  hashDateText,
  hashTimestampBinary,
  hashTimestampText,
  hashTimestamptzText,
} from "./hash-date-time.ts";
import { hashIntegerBinary, hashIntegerText } from "./hash-integer.ts";
import { hashNumericBinary, hashNumericText } from "./hash-numeric.ts";
import { hashText } from "./hash-text.ts";
import { hashUuidBinary, hashUuidText } from "./hash-uuid.ts";
import type { Hash64 } from "./hash64.ts";
import type { ShardKeyType } from "./shard-key-type.ts";

/** As in Bind and COPY: 0 is text, 1 is binary. */
export type ValueFormat = 0 | 1;

/** Room for the bytes of a text value; longer ones get a buffer of their own. */
const scratch = Buffer.alloc(2048);

/**
 * `start()`, then one `add...` per component, in the order of the shard key, then `bucket()`. May be used again and again,
 * by one caller at a time. An `add...` that returns false has found a value of no use for routing: not valid for the
 * type, or one whose meaning depends on the session; then `bucket()` means nothing. NULL is the caller's business.
 */
export class KeyHasher {
  private readonly element: Hash64 = { hi: 0, lo: 0 };
  private hi = 0;
  private lo = 0;

  start(): void {
    this.hi = 0;
    this.lo = 0;
  }

  /** A value on the wire or in a COPY field (unescaped): bytes `start` to `end` (exclusive). Text is in UTF-8. */
  addBytes(type: ShardKeyType, format: ValueFormat, bytes: Buffer, start: number, end: number): boolean {
    const element = this.element;
    const valid =
      format === 0 ? hashAsText(type, bytes, start, end, element) : hashAsBinary(type, bytes, start, end, element);
    if (valid) this.combine(element);
    return valid;
  }

  /** A value in text format. */
  addText(type: ShardKeyType, value: string): boolean {
    // A UTF-16 unit becomes at most three bytes.
    const bytes = value.length * 3 <= scratch.length ? scratch : Buffer.alloc(value.length * 3);
    return this.addBytes(type, 0, bytes, 0, writeUtf8(bytes, value));
  }

  bucket(): number {
    return this.hi >>> 18;
  }

  /** The keyspace id, as PostgreSQL shows it: a signed 64-bit integer. */
  keyspaceId(): bigint {
    return (BigInt(this.hi) << 32n) | BigInt(this.lo >>> 0);
  }

  /** result = result * 31 + element, modulo 2^64. */
  private combine(element: Hash64): void {
    const low = (this.lo >>> 0) * 31 + (element.lo >>> 0);
    const carry = Math.floor(low / 0x1_0000_0000);
    this.hi = (Math.imul(this.hi, 31) + element.hi + carry) | 0;
    this.lo = low | 0;
  }
}

function hashAsText(type: ShardKeyType, bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  switch (type) {
    case "integer":
      return hashIntegerText(bytes, start, end, out);
    case "text":
    case "bpchar":
      return hashText(bytes, start, end, out);
    case "uuid":
      return hashUuidText(bytes, start, end, out);
    case "timestamptz":
      return hashTimestamptzText(bytes, start, end, out);
    case "timestamp":
      return hashTimestampText(bytes, start, end, out);
    case "date":
      return hashDateText(bytes, start, end, out);
    case "numeric":
      return hashNumericText(bytes, start, end, out);
    case "bytea":
      return hashByteaText(bytes, start, end, out);
    case "bool":
      return hashBoolText(bytes, start, end, out);
    default:
      return unreachable(type);
  }
}

function hashAsBinary(type: ShardKeyType, bytes: Buffer, start: number, end: number, out: Hash64): boolean {
  switch (type) {
    case "integer":
      return hashIntegerBinary(bytes, start, end, out);
    case "text":
    case "bpchar":
      return hashText(bytes, start, end, out);
    case "uuid":
      return hashUuidBinary(bytes, start, end, out);
    case "timestamptz":
    case "timestamp":
      return hashTimestampBinary(bytes, start, end, out);
    case "date":
      return hashDateBinary(bytes, start, end, out);
    case "numeric":
      return hashNumericBinary(bytes, start, end, out);
    case "bytea":
      return hashByteaBinary(bytes, start, end, out);
    case "bool":
      return hashBoolBinary(bytes, start, end, out);
    default:
      return unreachable(type);
  }
}

/** Returns the length in bytes. ASCII, which most keys are, is written without a call into C++. */
function writeUtf8(bytes: Buffer, value: string): number {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code > 0x7f) return bytes.write(value, 0, "utf8");
    bytes[i] = code;
  }
  return value.length;
}
