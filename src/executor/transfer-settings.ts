// Settings under which rows can be read on one shard and written on another without change: row security must not hide
// any, and values as text must be exact. The session's own settings come back afterwards.
import { sqlText } from "../catalog/sql-name.ts";
import type { Participant } from "../transaction/participant.ts";

const settings = {
  row_security: "off",
  extra_float_digits: "1",
  intervalstyle: "postgres",
  datestyle: "ISO",
} as const;

/** On all participants, within their transactions. */
export async function withTransferSettings(
  participants: readonly Participant[],
  work: () => Promise<void>,
): Promise<void> {
  const names = Object.keys(settings);
  const present = await Promise.all(
    participants.map(async (participant) => {
      const values = names.map((name) => `pg_catalog.current_setting(${sqlText(name)})`).join(", ");
      return JSON.parse(await participant.queryText(`SELECT pg_catalog.json_build_array(${values})::text`)) as string[];
    }),
  );
  await Promise.all(participants.map((participant) => participant.run(setSql(names, Object.values(settings)))));
  await work();
  await Promise.all(participants.map((participant, i) => participant.run(setSql(names, present[i]!))));
}

function setSql(names: readonly string[], values: readonly string[]): string {
  const calls = names.map((name, i) => `pg_catalog.set_config(${sqlText(name)}, ${sqlText(values[i]!)}, true)`);
  return `SELECT ${calls.join(", ")}`;
}
