// The configuration of a standby, with names that need quoting.
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeStandby, type StandbySource } from "../../../tablet-agent/postgres/standby.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

test("the source is quoted, and its password stands in a file that only the owner can read", async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, "postgresql.auto.conf"), "work_mem = '1MB'");
  const source: StandbySource = {
    address: { host: "/tmp/it's", port: 5432 },
    user: "a b",
    password: "se:cr\\et",
    slot: "tablet_2",
    applicationName: "tablet-2",
    passwordFile: join(directory, "password"),
  };
  await makeStandby(directory, source);
  expect(await readFile(join(directory, "postgresql.auto.conf"), "utf8")).toBe(
    [
      "work_mem = '1MB'",
      `primary_conninfo = 'host=''/tmp/it\\\\''s'' port=''5432'' user=''a b'' passfile=''${directory}/password'' application_name=''tablet-2'''`,
      "primary_slot_name = 'tablet_2'",
      "",
    ].join("\n"),
  );
  expect(await readFile(source.passwordFile, "utf8")).toBe("*:*:*:a b:se\\:cr\\\\et\n");
  expect((await stat(source.passwordFile)).mode & 0o777).toBe(0o600);
  expect(await readFile(join(directory, "standby.signal"), "utf8")).toBe("");
  await expect(makeStandby(directory, { ...source, password: "a\nb" })).rejects.toMatchObject({
    code: "invalid-password",
  });
});
