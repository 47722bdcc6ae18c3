// The gateway's hashes are PostgreSQL's own, for every type, format and number of columns; and what the gateway takes for
// a value is what PostgreSQL takes it for, whatever the session's settings.
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bucketExpression } from "../../src/sharding/bucket-expression.ts";
import { KeyHasher } from "../../src/sharding/key-hasher.ts";
import type { ShardKeyType } from "../../src/sharding/shard-key-type.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";
import { type Random, seededRandom } from "../support/random.ts";
import { keySamples } from "../support/shard-key-samples.ts";

let server: PostgresServer;
let client: pg.Client;

beforeAll(async () => {
  server = await startPostgres();
  client = new pg.Client({ connectionString: server.connectionString });
  await client.connect();
  await client.query(`
    CREATE FUNCTION hash_if_valid(type text, value text) RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE result bigint;
    BEGIN
      EXECUTE format('SELECT hash_record_extended(ROW(%L::%s), 0)', value, type) INTO result;
      RETURN result;
    EXCEPTION WHEN data_exception THEN RETURN NULL;
    END $$`);
});

afterAll(async () => {
  await client?.end();
  await server?.stop();
});

const hasher = new KeyHasher();

/** undefined: of no use for routing. */
function hashOfTexts(types: readonly ShardKeyType[], values: readonly string[]): bigint | undefined {
  hasher.start();
  return types.every((type, i) => hasher.addText(type, values[i]!)) ? hasher.keyspaceId() : undefined;
}

function hashOfBytes(type: ShardKeyType, format: 0 | 1, value: Buffer): bigint | undefined {
  // Between other bytes, as in a message.
  const message = Buffer.concat([Buffer.from("-7\\{ e"), value, Buffer.from("9} 9")]);
  hasher.start();
  return hasher.addBytes(type, format, message, 6, 6 + value.length) ? hasher.keyspaceId() : undefined;
}

/** SQL types that make each kind of shard key, with the function that gives their binary format. */
const sqlTypes: readonly (readonly [ShardKeyType, string, string])[] = [
  ["integer", "int2", "int2send"],
  ["integer", "int4", "int4send"],
  ["integer", "int8", "int8send"],
  ["text", "text", "textsend"],
  ["text", "varchar", "varcharsend"],
  ["bpchar", "bpchar", "bpcharsend"],
  ["uuid", "uuid", "uuid_send"],
  ["date", "date", "date_send"],
  ["timestamp", "timestamp", "timestamp_send"],
  ["timestamptz", "timestamptz", "timestamptz_send"],
  ["numeric", "numeric", "numeric_send"],
  ["bytea", "bytea", "byteasend"],
  ["bool", "bool", "boolsend"],
];

describe.each(sqlTypes)("%s as %s", (type, sqlType, send) => {
  const comparable = type === "text" ? `v::${sqlType}::bpchar` : `v::${sqlType}`;

  test("values hash as in PostgreSQL, as text and in binary", async () => {
    const values = keySamples(seededRandom(1), sqlType, 3000);
    const { rows } = await client.query({
      text: `SELECT hash_record_extended(ROW(${comparable}), 0),
                    ${bucketExpression([{ quotedName: `v::${sqlType}`, type }])}, ${send}(v::${sqlType}), v::${sqlType}::text
             FROM unnest($1::text[]) WITH ORDINALITY AS t(v, i) ORDER BY i`,
      values: [values],
      rowMode: "array",
    });
    expect(rows.length).toBe(values.length);
    for (const [i, value] of values.entries()) {
      const [hash, bucket, binary, text] = rows[i]!;
      const expected = BigInt(hash);
      expect([value, hashOfTexts([type], [value])]).toEqual([value, expected]);
      expect(hasher.bucket()).toBe(Number(bucket));
      expect([value, hashOfTexts([type], [text])]).toEqual([value, expected]);
      expect([value, hashOfBytes(type, 0, Buffer.from(value))]).toEqual([value, expected]);
      expect([value, hashOfBytes(type, 1, binary)]).toEqual([value, expected]);
    }
  });

  test("a spelling that is understood means the same to PostgreSQL under all settings, or is an error there", async () => {
    const random = seededRandom(2);
    const spellings = keySamples(random, sqlType, 3000).map((value) => misspell(random, value));
    const understood = spellings.filter((spelling) => hashOfTexts([type], [spelling]) !== undefined);
    for (const settings of ["ISO, MDY; UTC", "SQL, DMY; America/New_York", "German, YMD; Asia/Kolkata"]) {
      const [dateStyle, timeZone] = settings.split("; ");
      await client.query("SELECT set_config('datestyle', $1, false), set_config('timezone', $2, false)", [
        dateStyle,
        timeZone,
      ]);
      const { rows } = await client.query(
        "SELECT hash_if_valid($1, v) AS hash FROM unnest($2::text[]) WITH ORDINALITY AS t(v, i) ORDER BY i",
        [type === "text" ? "bpchar" : sqlType, understood],
      );
      let valid = 0;
      for (const [i, spelling] of understood.entries()) {
        if (rows[i].hash === null) continue;
        valid++;
        expect([settings, spelling, hashOfTexts([type], [spelling])]).toEqual([
          settings,
          spelling,
          BigInt(rows[i].hash),
        ]);
      }
      expect(valid).toBeGreaterThan(100);
    }
    await client.query("RESET datestyle");
    await client.query("RESET timezone");
  });
});

test("keys of several columns hash as records do", async () => {
  const random = seededRandom(3);
  for (let round = 0; round < 60; round++) {
    const chosen = Array.from({ length: 2 + random.below(4) }, () => random.pick(sqlTypes));
    const types = chosen.map(([type]) => type);
    const columns = chosen.map(([type, sqlType], i) => ({ quotedName: `"C ${i}"::${sqlType}`, type }));
    const values = chosen.map(([, sqlType]) => keySamples(random, sqlType, 50));
    const { rows } = await client.query({
      text: `SELECT ${bucketExpression(columns)}
             FROM unnest(${chosen.map((_, i) => `$${i + 1}::text[]`).join(", ")})
             WITH ORDINALITY AS t(${chosen.map((_, i) => `"C ${i}"`).join(", ")}, i) ORDER BY i`,
      values,
      rowMode: "array",
    });
    for (const [i, row] of rows.entries()) {
      const key = values.map((column) => column[i]!);
      expect(hashOfTexts(types, key)).toBeDefined();
      expect([types, key, hasher.bucket()]).toEqual([types, key, Number(row[0])]);
    }
  }
});

test("blanks that varchar(n) and char(n) cut off do not change the bucket", async () => {
  await client.query(`CREATE TEMPORARY TABLE cut ("V" varchar(3), c char(5))`);
  await client.query("INSERT INTO cut VALUES ('ab    ', 'xy      ')");
  for (const [quotedName, type, value] of [
    [`"V"`, "text", "ab    "],
    ["c", "bpchar", "xy      "],
  ] as const) {
    const { rows } = await client.query(`SELECT ${bucketExpression([{ quotedName, type }])} AS bucket FROM cut`);
    hashOfTexts([type], [value]);
    expect(hasher.bucket()).toBe(Number(rows[0].bucket));
  }
});

test("the expression can filter a publication and guard a table, whatever the types", async () => {
  const columns = sqlTypes.map(([type, sqlType]) => ({ name: `k_${sqlType}`, type, sqlType }));
  await client.query(`CREATE TABLE wide (${columns.map((c) => `${c.name} ${c.sqlType} NOT NULL`).join(", ")},
    PRIMARY KEY (${columns.map((c) => c.name).join(", ")}))`);
  const expression = bucketExpression(columns.map((c) => ({ quotedName: c.name, type: c.type })));
  const single = columns.map((c) => bucketExpression([{ quotedName: c.name, type: c.type }]));
  await client.query(
    `CREATE PUBLICATION wide FOR TABLE wide
     WHERE (${[expression, ...single].map((e) => `${e} = ANY ('{1,2,3}')`).join(" OR ")})`,
  );
  const ofNew = bucketExpression(columns.map((c) => ({ quotedName: `NEW.${c.name}`, type: c.type })));
  await client.query(
    `CREATE TRIGGER guard BEFORE INSERT ON wide FOR EACH ROW WHEN (${ofNew} = ANY ('{1,2,3}'))
     EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
  );
});

/** One small change: blanks, case, a byte more or less or another. Sometimes none. */
function misspell(random: Random, value: string): string {
  const at = random.below(value.length + 1);
  const byte = random.pick([..."0123456789 +-.:eEzZTxX_\\{}\tabcfBCin/,'"]);
  switch (random.below(8)) {
    case 0:
      return ` \t${value}`;
    case 1:
      return `${value}\n `;
    case 2:
      return value.toUpperCase();
    case 3:
      return value.slice(0, at) + byte + value.slice(at);
    case 4:
      return value.slice(0, at) + value.slice(at + 1);
    case 5:
      return value.slice(0, at) + byte + value.slice(at + 1);
    case 6:
      return value.slice(0, at);
    default:
      return value;
  }
}
