// Values of each type that can be (part of) a shard key, edges first, in text format and in spellings that mean the same
// under all settings.
import type { Random } from "./random.ts";

/** `count` texts that PostgreSQL accepts for `sqlType`. */
export function keySamples(random: Random, sqlType: string, count: number): string[] {
  const kind = samples[sqlType];
  if (!kind) throw new Error(`no samples of ${sqlType}`);
  const edges = [...kind.edges];
  for (let i = edges.length - 1; i > 0; i--) {
    const j = count < edges.length ? random.below(i + 1) : i;
    [edges[i], edges[j]] = [edges[j]!, edges[i]!];
  }
  return Array.from({ length: count }, (_, i) => edges[i] ?? kind.any(random));
}

interface Samples {
  readonly edges: readonly string[];
  any(random: Random): string;
}

function integers(bits: number): Samples {
  const max = 2n ** BigInt(bits - 1);
  return {
    edges: ["0", "-0", "+0", "1", "-1", "007", "  42 ", "+42", "\t-42\n", `${max - 1n}`, `${-max}`, `${-max + 1n}`],
    any(random) {
      const value = BigInt.asIntN(bits, (BigInt(word(random)) << 32n) | BigInt(word(random)));
      return String(value >> BigInt(random.below(bits)));
    },
  };
}

const text: Samples = {
  edges: ["", " ", "   ", "a", "ä", "a ", " a", "a  b  ", "\t", "a\t", "😀", "\\x41", "'", "日本語".repeat(900)],
  any(random) {
    const alphabet = random.pick(["ab ", "abcdefghijklmnopqrstuvwxyz0123456789", "äöü€😀漢 "]);
    return Array.from({ length: random.below(40) }, () => random.pick([...alphabet])).join("");
  },
};

const uuid: Samples = {
  edges: [
    "00000000-0000-0000-0000-000000000000",
    "FFFFFFFF-ffff-FFFF-ffff-FFFFFFFFFFFF",
    "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
    "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
    "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}",
    "a0eebc999c0b4ef8bb6d6bb9bd380a11",
  ],
  any(random) {
    const digits = hex(random, 16);
    return random.below(2) ? digits : digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  },
};

function calendarDate(random: Random): string {
  const year = 1 + random.below(random.pick([2100, 2100, 9999, 290_000]));
  const day = `${1 + random.below(12)}-${1 + random.below(28)}`.replace(/\b\d\b/g, "0$&");
  return `${String(year).padStart(4, "0")}-${day}`;
}

const date: Samples = {
  edges: [
    ..."2000-01-01 1999-12-31 2000-02-29 1900-02-28 1900-03-01 0001-01-01 10000-01-01 5874897-12-31".split(" "),
    ..."infinity -infinity Infinity".split(" "),
    ...["4713-11-24 BC", "0001-12-31 BC", "0005-02-29 bc", "  2024-02-29 ", "2024-02-29 10:11:12", "2024-02-29T23:59Z"],
    "2024-02-29T00:00:00.000+13:45",
  ],
  any: (random) => (random.below(20) ? calendarDate(random) : `${1000 + random.below(3000)}-10-11 BC`),
};

function timeOfDay(random: Random): string {
  const [hour, minute, second] = [24, 60, 60].map((count) => String(random.below(count)).padStart(2, "0"));
  const fraction = String(random.below(1_000_000)).padStart(6, "0").slice(0, random.below(7));
  return `${hour}:${minute}${random.below(5) ? `:${second}${fraction && `.${fraction}`}` : ""}`;
}

const timestamp: Samples = {
  edges: [
    "2000-01-01",
    "2000-01-01 00:00",
    "1999-12-31 23:59:59.999999",
    "2024-02-29T12:34:56.7",
    "2024-02-29 12:34:56+05",
    "2024-02-29T12:34:56.789Z",
    "4713-11-24 00:00:00 BC",
    "0044-03-15 12:00:00.5 BC",
    "294276-12-31 23:59:59.999999",
    "infinity",
    "-infinity",
  ],
  any: (random) => `${calendarDate(random)}${random.pick([" ", "T"])}${timeOfDay(random)}`,
};

const timestamptz: Samples = {
  edges: [
    "2000-01-01 00:00Z",
    "2000-01-01 00:00:00+00",
    "1999-12-31 23:59:59.999999 -03:30",
    "2024-02-29t12:34:56.7z",
    "2024-02-29 12:34:56+0545",
    "1880-02-29 12:34:56+00:53:28",
    "4713-11-24 00:00:00+00 BC",
    "0044-03-15 12:00:00.5+15:59:59 BC",
    "294276-12-31 23:59:59.999999+00",
    "infinity",
    "-infinity",
  ],
  any(random) {
    const hour = String(random.below(15)).padStart(2, "0");
    const minute = random.pick(["", ":00", "30", ":45"]);
    const offset = random.below(3) ? `${random.pick(["+", "-"])}${hour}${minute}` : "Z";
    return `${calendarDate(random)} ${timeOfDay(random)}${random.pick(["", " "])}${offset}`;
  },
};

const numeric: Samples = {
  edges: [
    ..."0 -0 0.000 0e10 1 -1 10 100 1000 10000 100000 1e4 1e-4 1e5 1.5 1.50 01.5 .5 5. +.05 -0.0005 0.00005".split(" "),
    ..."9999 99990000 0.9999 10000.0001 1e1000 1E-1000 -1.5e+3 NaN nan Infinity -inf +Infinity inf".split(" "),
    ...[" 7 ", `1${"0".repeat(500)}.${"0".repeat(400)}1`, `${"7".repeat(131_072)}.${"3".repeat(16_383)}`],
  ],
  any(random) {
    const digits = (count: number) =>
      Array.from({ length: count }, () => random.pick([0, 0, 0, random.below(10)])).join("");
    const mantissa = `${random.below(10)}${digits(random.below(20))}${random.below(2) ? `.${digits(random.below(20))}` : ""}`;
    return `${random.pick(["", "-"])}${mantissa}${random.below(4) ? "" : `e${random.below(60) - 30}`}`;
  },
};

const bytea: Samples = {
  edges: [
    "",
    "\\x",
    "\\x00",
    "\\xFFfe",
    "\\x 01 02\n03 ",
    "abc",
    "a\\\\b",
    "\\000\\377",
    "ä",
    `\\x${"0f".repeat(5000)}`,
  ],
  any(random) {
    const digits = hex(random, random.below(40));
    return random.below(2)
      ? `\\x${digits}`
      : digits.replace(/[a-f]/g, (digit) => `\\${random.pick(["\\", `01${digit.charCodeAt(0) % 8}`])}`);
  },
};

const bool: Samples = {
  edges: [..."t tr tru true TRUE y ye yes on 1 f fa fal fals false n no of off OFF 0".split(" "), " true ", "\tf\n"],
  any: (random) => random.pick(["true", "false", "t", "f", "1", "0", "on", "off"]),
};

const samples: Readonly<Record<string, Samples>> = {
  int2: integers(16),
  int4: integers(32),
  int8: integers(64),
  text,
  varchar: text,
  bpchar: text,
  uuid,
  date,
  timestamp,
  timestamptz,
  numeric,
  bytea,
  bool,
};

function word(random: Random): number {
  return random.below(0x1_0000_0000);
}

function hex(random: Random, byteCount: number): string {
  return Array.from({ length: byteCount }, () => random.below(256).toString(16).padStart(2, "0")).join("");
}
