// The gateway's order of values in binary is PostgreSQL's own: values that PostgreSQL has sorted are in order.
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { comparatorOf } from "../../src/executor/compare-values.ts";
import { type PostgresServer, startPostgres } from "../support/postgres-server.ts";

let server: PostgresServer;
let client: pg.Client;

beforeAll(async () => {
  server = await startPostgres();
  client = new pg.Client({ connectionString: server.connectionString });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await server.stop();
});

/** Type, and an expression of `g` and random() that gives all sorts of values of it. */
const samples: readonly (readonly [string, string])[] = [
  ["bool", "g % 2 = 0"],
  ["int2", "(random() * 60000 - 30000)::int2"],
  ["int4", "(random() * 4e9 - 2e9)::int4"],
  [
    "int8",
    "CASE g WHEN 1 THEN -9223372036854775808 WHEN 2 THEN 9223372036854775807 ELSE ((random() - 0.5) * 1.8e19)::numeric::int8 END",
  ],
  ["oid", "(random() * 4294967295)::int8::oid"],
  [
    "float4",
    "CASE g WHEN 1 THEN 'NaN' WHEN 2 THEN 'Infinity' WHEN 3 THEN '-Infinity' WHEN 4 THEN '-0' ELSE ((random() - 0.5) * 1e10)::float4 END",
  ],
  [
    "float8",
    "CASE g WHEN 1 THEN 'NaN' WHEN 2 THEN 'Infinity' WHEN 3 THEN '-Infinity' WHEN 4 THEN '-0' WHEN 5 THEN 0 ELSE (random() - 0.5) * exp(g % 300) END",
  ],
  [
    "numeric",
    "CASE g WHEN 1 THEN 'NaN' WHEN 2 THEN 'Infinity' WHEN 3 THEN '-Infinity' WHEN 4 THEN 0 WHEN 5 THEN 0.00 ELSE round(((random() - 0.5) * exp(g % 60))::numeric, g % 20) END",
  ],
  ["text", "repeat(chr(32 + (random() * 900)::int), g % 4) || md5(g::text)"],
  ["varchar", "left(md5(random()::text), g % 5)"],
  ["bpchar", "(left('ab ', g % 4) || repeat(' ', g % 3))::bpchar"],
  ["name", "left(md5(random()::text), 3)::name"],
  ["bytea", "decode(left(md5(random()::text), (g % 8) * 2), 'hex')"],
  ["uuid", "gen_random_uuid()"],
  [
    "date",
    "CASE g WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity' ELSE '2000-01-01'::date + (random() * 1e6 - 5e5)::int END",
  ],
  ["time", "'00:00'::time + random() * interval '24 hours'"],
  [
    "timestamp",
    "CASE g WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity' ELSE '2000-01-01'::timestamp + (random() - 0.5) * interval '4000 years' END",
  ],
  [
    "timestamptz",
    "CASE g WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity' ELSE '2000-01-01'::timestamptz + (random() - 0.5) * interval '4000 years' END",
  ],
  ["money", "((random() - 0.5) * 1e9)::numeric::money"],
  ['"char"', 'chr(1 + g % 120)::"char"'],
];

test.each(samples)("%s", async (type, expression) => {
  // rank() gives equal values one number, so that order and equality are both checked.
  await client.query(`CREATE TEMP TABLE sample AS SELECT (${expression})::${type} AS v FROM generate_series(1, 600) g`);
  const sorted = "FROM sample ORDER BY v, ctid";
  const ranks = (await client.query(`SELECT rank() OVER (ORDER BY v)::int AS rank ${sorted}`)).rows;
  // What the wire carries in binary is what the type's send function gives.
  const { typsend, oid } = (
    await client.query(`SELECT typsend::text, oid::int FROM pg_type WHERE oid = '${type}'::regtype`)
  ).rows[0];
  const values = (await client.query(`SELECT ${typsend}(v) AS bytes ${sorted}`)).rows.map(
    ({ bytes }) => bytes as Buffer,
  );
  await client.query("DROP TABLE sample");
  const compare = comparatorOf(oid);
  expect(compare).toBeDefined();
  for (let i = 0; i < values.length; i++) {
    for (const j of [i - 1, i, Math.floor(Math.random() * values.length)]) {
      if (j < 0) continue;
      const [a, b] = [values[i]!, values[j]!];
      const expected = Math.sign(ranks[i].rank - ranks[j].rank);
      expect(Math.sign(compare!(a, 0, a.length, b, 0, b.length)) + 0, `${a.toString("hex")} ${b.toString("hex")}`).toBe(
        expected,
      );
    }
  }
});
