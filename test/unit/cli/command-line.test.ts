// The command line: options as they are understood, and words for those that are not.
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { localHelp, parseLocalOptions } from "../../../src/cli/local-options.ts";
import { createTopology } from "../../../src/topology/create-topology.ts";
import { localStore } from "../../../src/topology/local-store.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

function shardgres(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

test("without options everything has a default", () => {
  expect(parseLocalOptions([])).toEqual({
    dataDir: ".shardgres",
    shards: undefined,
    port: 6432,
    metricsPort: undefined,
    pgBin: undefined,
    authentication: undefined,
    reset: false,
    verbose: false,
  });
});

test("options are read", () => {
  const args = [
    "--shards=5",
    "--port",
    "7000",
    "--metrics-port=7001",
    "--data-dir",
    "d",
    "--auth",
    "scram-sha-256",
    "--pg-bin",
    "b",
    "--reset",
  ];
  expect(parseLocalOptions([...args, "--verbose"])).toEqual({
    dataDir: "d",
    shards: 5,
    port: 7000,
    metricsPort: 7001,
    pgBin: "b",
    authentication: "scram-sha-256",
    reset: true,
    verbose: true,
  });
});

test.each([
  [["--shards", "0"], '--shards must be a number from 1 to 64, not "0"'],
  [["--shards", "three"], '--shards must be a number from 1 to 64, not "three"'],
  [["--port", "70000"], '--port must be a number from 1 to 65535, not "70000"'],
  [["--auth", "md5"], '--auth must be trust or scram-sha-256, not "md5"'],
  [["--data-dir", ""], "--data-dir must not be empty"],
  [["--shard", "2"], "unknown option '--shard'"],
  [["--port"], "option '--port <value>' argument missing"],
  [["--reset=yes"], "option '--reset' does not take an argument"],
  [["s1"], "unexpected argument 's1'"],
])("%j is refused", (args, message) => {
  expect(() => parseLocalOptions(args)).toThrow(message);
});

test("help goes to standard output and fits into 80 columns", async () => {
  for (const args of [
    ["--help"],
    ["local", "--help"],
    ["transactions", "--help"],
    ["transactions", "list", "-h"],
    ["topology", "--help"],
    ["topology", "watch", "-h"],
    ["shards", "--help"],
  ]) {
    const { code, stdout, stderr } = await shardgres(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: shardgres /);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  }
  expect((await shardgres("local", "--shards", "0", "--help")).stdout).toBe(localHelp);
});

test("what is not understood is explained on standard error, with exit code 2", async () => {
  expect(await shardgres("lokal")).toEqual({
    code: 2,
    stdout: "",
    stderr: 'error: there is no command "lokal"\nhint: "shardgres --help" says what there is.\n',
  });
  expect(await shardgres("transactions", "resolve")).toEqual({
    code: 2,
    stdout: "",
    stderr:
      'error: resolve needs the id of a transaction, or --all\nhint: "shardgres transactions --help" says what there is.\n',
  });
  expect(await shardgres()).toMatchObject({ code: 2, stderr: expect.stringContaining("no command given") });
  expect(await shardgres("local", "--ports", "1")).toMatchObject({
    code: 2,
    stderr: "error: unknown option '--ports'\nhint: \"shardgres local --help\" says what there is.\n",
  });
});

test("a cluster that is not where it should be is an error with a hint, with exit code 1", async () => {
  const commands = [
    ["transactions", "list"],
    ["transactions", "list", "--json"],
    ["transactions", "resolve", "--all"],
    ["topology", "show"],
    ["topology", "show", "--json"],
    ["topology", "watch"],
    ["shards", "status"],
    ["shards", "switchover", "--to", "s1-1"],
  ];
  for (const args of commands) {
    expect(await shardgres(...args, "--data-dir", "/nonexistent")).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "error: there is no cluster in /nonexistent\nhint: Name the directory that `shardgres local` was given: --data-dir DIR\n",
    });
  }
});

test("shards that do not answer are named, and what they may hide is not denied", async () => {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, "topology"));
  const cluster = { shardCount: 1, authentication: "trust", postgresVersion: "18" } as const;
  await createTopology(localStore(join(directory, "topology")), cluster);
  await writeFile(join(directory, "admin-password"), "secret\n");
  for (const args of [["list"], ["resolve", "--all"]]) {
    expect(await shardgres("transactions", ...args, "--data-dir", directory)).toEqual({
      code: 1,
      stdout: "",
      stderr:
        'error: shard s1 does not answer: shard "s1" has no primary\n' +
        "hint: Is the cluster running? What is prepared there is not known.\n",
    });
  }
});

test("a PostgreSQL that is not where it should be is an error with a hint, with exit code 1", async () => {
  const { code, stderr } = await shardgres("local", "--pg-bin", "/nonexistent");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: \/nonexistent\/postgres --version does not work: .*ENOENT\nhint: Give the directory/);
});
