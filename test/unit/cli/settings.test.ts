// `shardgres settings`: its options, and what it prints.
import { expect, test } from "vitest";
import { changesText, settingsText } from "../../../src/cli/settings.ts";
import { parseSettingsOptions } from "../../../src/cli/settings-options.ts";

test("settings are named as in postgresql.conf, and their values may contain anything", () => {
  const place = { kind: "local", dataDir: "/data" };
  expect(parseSettingsOptions(["set", "Work_Mem= 5MB", "my.own=a=b", "--data-dir", "/data"])).toEqual({
    kind: "set",
    place,
    values: { work_mem: "5MB", "my.own": "a=b" },
  });
  expect(parseSettingsOptions(["reset", "Work_Mem", "--data-dir", "/data"])).toEqual({
    kind: "reset",
    place,
    names: ["work_mem"],
  });
  expect(parseSettingsOptions(["show", "--json", "--data-dir", "/data"])).toEqual({ kind: "show", place, json: true });
});

test.each([
  [[], "show, set or reset?"],
  [["list"], 'there is no "settings list"'],
  [["set"], "which settings? NAME=VALUE"],
  [["reset"], "which settings? NAME"],
  [["set", "work_mem"], '"work_mem" is not NAME=VALUE'],
  [["set", "=5MB"], '"=5MB" is not NAME=VALUE'],
  [["set", "work_mem=1MB", "WORK_MEM=2MB"], "work_mem is given twice"],
])("%j is not understood", (args, message) => {
  expect(() => parseSettingsOptions(args)).toThrow(message);
});

test("what is chosen, and what has become of what, in the order of the names", () => {
  expect(settingsText({})).toBe("no settings have been chosen\n");
  expect(settingsText({ work_mem: "5MB", max_connections: "400" })).toBe("max_connections = 400\nwork_mem = 5MB\n");
  expect(changesText({ a: "1" }, { a: "1" })).toBe("nothing has changed\n");
  expect(changesText({ a: "1", b: "2", d: "4" }, { b: "3", c: "1", d: "4" })).toBe(
    "a is not set any more (was 1)\nb = 3 (was 2)\nc = 1 (not set before)\n",
  );
});
