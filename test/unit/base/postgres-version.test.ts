// What `postgres --version` says, in its variants.
import { expect, test } from "vitest";
import { parsePostgresVersion } from "../../../src/base/postgres-version.ts";

test.each([
  ["postgres (PostgreSQL) 18.4\n", 18, "18.4"],
  ["postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", 15, "15.18"],
  ["postgres (PostgreSQL) 19beta1\n", 19, "19beta1"],
  ["postgres (PostgreSQL) 9.6.24\n", 9, "9.6.24"],
])("%s", (output, major, text) => {
  expect(parsePostgresVersion(output)).toEqual({ major, text });
});

test("anything else is no version", () => {
  expect(parsePostgresVersion("postgres: error while loading shared libraries: libicuuc.so.60")).toBeUndefined();
});
