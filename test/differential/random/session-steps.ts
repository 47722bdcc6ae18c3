// Random steps of one session among several: settings, transactions, prepared statements, temporary tables, cursors, errors,
// and writes to rows of its own. Sessions share the gateway's connections to the shards and must not notice each other.
import type { Random } from "../../support/random.ts";
import type { Protocol } from "../session-pair.ts";

export interface SessionStep {
  readonly sql: string;
  readonly protocol: Protocol;
  /** Whether the order of rows counts. */
  readonly ordered: boolean;
}

const settings: Readonly<Record<string, readonly string[]>> = {
  timezone: ["'UTC'", "'Europe/Berlin'", "'America/New_York'", "'Asia/Kolkata'"],
  datestyle: ["'ISO, DMY'", "'German'", "'SQL, MDY'"],
  intervalstyle: ["'iso_8601'", "'postgres_verbose'"],
  search_path: ["shop", "public", "shop, public"],
  bytea_output: ["'escape'", "'hex'"],
  extra_float_digits: ["0", "1", "-5"],
  application_name: ["'one'", "'two'"],
  work_mem: ["'1MB'", "'7MB'"],
  "my.own": ["'x'", "'y'"],
  default_transaction_isolation: ["'repeatable read'"],
  enable_seqscan: ["off", "on"],
  role: ["NONE"],
};

const reads = [
  "SELECT placed, total FROM public.orders ORDER BY placed, customer_id, id LIMIT 5",
  "SELECT id, duration FROM events ORDER BY id",
  "SELECT count(*), min(name) FROM customers",
  "SELECT name FROM customers WHERE id = 3",
  "SELECT region, device, raw FROM devices WHERE region = 'north' ORDER BY device",
  "SELECT slug, rating / 3 FROM pages WHERE rating < 100 ORDER BY slug",
  "SELECT max(placed) FROM public.orders WHERE customer_id = 3",
  "SELECT current_setting('timezone'), current_setting('datestyle'), coalesce(current_setting('my.own', true), '')",
  "SELECT count(*), current_setting('work_mem'), current_setting('search_path') FROM public.items GROUP BY 2, 3",
  "SELECT timestamptz '2024-05-05 12:00+00', interval '1 year 2 days', date '2024-12-31'",
  "SELECT c.id, o.placed FROM public.customers c JOIN public.orders o ON o.customer_id = c.id ORDER BY 1, 2, o.id LIMIT 4",
  "SELECT day, sum(value) FROM metrics GROUP BY day ORDER BY day",
  "SELECT nothing FROM customers",
  "SELECT 1 / 0 FROM customers",
  "SELECT id FROM customers WHERE id = 'x'",
  "SHOW search_path",
  "SHOW timezone",
  "SHOW transaction_isolation",
];

/** `own`: a number that no other session has. */
export function randomStep(random: Random, own: number): SessionStep {
  const sql = statement(random, own);
  return { sql, protocol: random.below(3) === 0 ? "extended" : "simple", ordered: sql.includes("ORDER BY") };
}

function statement(random: Random, own: number): string {
  const key = 1000 * own + random.below(20);
  const isMine = `k >= ${1000 * own} AND k < ${1000 * own + 1000}`;
  const name = random.pick(["p", "q"]);
  switch (random.below(16)) {
    case 0:
    case 1: {
      const setting = random.pick(Object.keys(settings));
      return `SET ${random.pick(["", "", "LOCAL "])}${setting} TO ${random.pick(settings[setting]!)}`;
    }
    case 2:
      return `RESET ${random.pick(Object.keys(settings))}`;
    case 3:
      return random.pick(["BEGIN", "BEGIN", "COMMIT", "ROLLBACK", "END"]);
    case 4:
      return random.pick(["SAVEPOINT s", "ROLLBACK TO s", "RELEASE s", "COMMIT", "ROLLBACK"]);
    case 5:
      return `INSERT INTO public.loose (k, a, t) VALUES (${key}, 1, 'x'), (${key + 1}, 2, 'y'), (${key + 2}, 3, 'z')`;
    case 6:
      return random.pick([
        `UPDATE public.loose SET a = a + 1 WHERE ${isMine}`,
        `UPDATE public.loose SET t = t || '!' WHERE k = ${key}`,
        `DELETE FROM public.loose WHERE k = ${key}`,
        `DELETE FROM public.loose WHERE ${isMine} AND a > 3`,
      ]);
    case 7:
      return random.pick([
        `SELECT k, a, t FROM public.loose WHERE ${isMine} ORDER BY k, a, t`,
        `SELECT a, t FROM public.loose WHERE k = ${key} ORDER BY a, t`,
        `SELECT count(*), sum(a) FROM public.loose WHERE ${isMine}`,
      ]);
    case 8:
      return random.pick([
        `PREPARE ${name} (int) AS SELECT ${own}, count(*) FROM customers WHERE id > $1`,
        `PREPARE ${name} (int) AS SELECT ${own}, name FROM customers WHERE id = $1`,
        `PREPARE ${name} (int) AS UPDATE public.loose SET a = $1 WHERE k = ${key}`,
      ]);
    case 9:
      return random.pick([`EXECUTE ${name}`, `EXECUTE ${name} (3)`, `DEALLOCATE ${name}`]);
    case 10:
      return random.pick([
        `CREATE TEMP TABLE mine (v int)`,
        `INSERT INTO mine VALUES (${own})`,
        "SELECT * FROM mine ORDER BY v",
        "DROP TABLE mine",
      ]);
    case 11:
      return random.pick([
        "DECLARE c CURSOR FOR SELECT id, placed FROM public.orders WHERE customer_id = 5 ORDER BY id",
        "FETCH 2 FROM c",
        "CLOSE c",
      ]);
    default:
      return random.pick(reads);
  }
}
