// Whether a value that the gateway cannot hash is one that PostgreSQL, in every version and under every setting, refuses:
// then it may go to any shard, which gives PostgreSQL's own error. When in doubt: no.
import { unreachable } from "../base/assert.ts";
import type { ValueFormat } from "../sharding/key-hasher.ts";
import type { ShardKeyType } from "../sharding/shard-key-type.ts";

/** What integers can look like since PostgreSQL 16: 0x1F, 0o17, 0b1, 1_000. In decimal only the range was wrong. */
const otherInteger = /^\s*[+-]?(?:0[xob][0-9a-f_]*|[0-9]+_[0-9_]*)\s*$/i;
/** Everything that a number, NaN or infinity is written with. */
const numberLike = /^[\s0-9a-fxo_.+-]*$|nan|inf/i;

/** Only for values of which `KeyHasher` has said that they are of no use for routing. */
export function isSurelyInvalid(
  type: ShardKeyType,
  format: ValueFormat,
  bytes: Buffer,
  start: number,
  end: number,
): boolean {
  const text = () => bytes.toString("latin1", start, Math.min(end, start + 10_000));
  switch (type) {
    case "integer":
      return format === 1 || !otherInteger.test(text());
    case "uuid":
    case "bool":
    case "bytea":
      return true;
    case "numeric":
      return format === 0 && !numberLike.test(text());
    case "date":
    case "timestamp":
    case "timestamptz":
      // 'now', 'yesterday', '1/2/2024', without an offset: what these mean depends on the session.
      return format === 1;
    case "text":
    case "bpchar":
      return false;
    default:
      return unreachable(type);
  }
}
