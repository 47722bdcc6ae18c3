// Which settings count from PostgreSQL's next start on, because the agent's configuration says something else than what
// PostgreSQL has started with. What ALTER SYSTEM has to do with is its user's business. PostgreSQL goes on to call a setting
// pending that was put into a file and taken out again before it counted (ProcessConfigFileInternal in guc.c).
import type pg from "pg";

const query = `
WITH files AS MATERIALIZED (SELECT name, sourcefile LIKE '%/postgresql.auto.conf' AS is_automatic FROM pg_file_settings)
SELECT name FROM pg_settings AS s
WHERE pending_restart
  AND NOT EXISTS (SELECT FROM files AS f WHERE f.name = s.name AND is_automatic)
  AND (source = 'configuration file' OR EXISTS (SELECT FROM files AS f WHERE f.name = s.name))
ORDER BY name`;

/** In the order of their names. */
export async function restartPending(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(query);
  return rows.map(({ name }) => name);
}
