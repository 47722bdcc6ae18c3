// The files of a PostgreSQL server that its agent writes and reads, as text.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeVerifier } from "../../../src/pgwire/scram.ts";
import { clientAuthentication, serverConfiguration } from "../../../tablet-agent/postgres/configuration.ts";
import { parsePostmasterPid } from "../../../tablet-agent/postgres/postmaster-pid.ts";
import { readRoles, roleStatements } from "../../../tablet-agent/postgres/roles.ts";
import { socketDirectoryFor } from "../../../tablet-agent/postgres/socket-directory.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const settings = { name: "s1-0", socketDirectory: "/data/s1", port: 5432, fsync: true };

test("the configuration quotes what is put into it", () => {
  const text = serverConfiguration({ ...settings, socketDirectory: "/it's, a \\dir" });
  expect(text).toContain("unix_socket_directories = '\"/it''s, a \\\\dir\"'\n");
  expect(text).toContain("cluster_name = 's1-0'\n");
});

test("only tests do without fsync", () => {
  expect(serverConfiguration(settings)).not.toContain("fsync");
  expect(serverConfiguration({ ...settings, fsync: false })).toContain("\nfsync = off\n");
});

test("clients come through the socket only", () => {
  expect(serverConfiguration(settings)).toContain("listen_addresses = ''\n");
  const rules = clientAuthentication("scram-sha-256").split("\n").slice(1);
  expect(rules).toEqual(["local all all scram-sha-256", "local replication all scram-sha-256", ""]);
});

test("a socket that would have too long a path lies in the temporary directory, always in the same place", () => {
  expect(socketDirectoryFor("/data/shards/s1", 5432)).toBe("/data/shards/s1");
  const long = `/${"d".repeat(100)}`;
  const short = socketDirectoryFor(long, 5432, "/tmp");
  expect(short).toMatch(/^\/tmp\/shardgres-[0-9a-f]{16}$/);
  expect(socketDirectoryFor(long, 5432, "/tmp")).toBe(short);
  expect(socketDirectoryFor(`${long}2`, 5432, "/tmp")).not.toBe(short);
});

test("the length of a path is counted in bytes", () => {
  expect(socketDirectoryFor(`/${"d".repeat(80)}`, 5432, "/tmp")).toMatch(/^\/d/);
  expect(socketDirectoryFor(`/${"ü".repeat(80)}`, 5432, "/tmp")).toMatch(/^\/tmp/);
});

const pidLines = ["4711", "/data/s1/pgdata", "1795380253", "5432", "/data/s1", "", "  9986350        25"];

test("postmaster.pid is read at every stage of its writing", () => {
  expect(parsePostmasterPid("")).toBeUndefined();
  expect(parsePostmasterPid("4711\n/data")).toEqual({ pid: 4711, ready: false });
  expect(parsePostmasterPid([...pidLines, "starting", ""].join("\n"))).toEqual({ pid: 4711, ready: false });
  expect(parsePostmasterPid([...pidLines, "ready   ", ""].join("\n"))).toEqual({ pid: 4711, ready: true });
});

test("roles are created with their verifiers, and nothing else gets into the statements", async () => {
  const path = join(await temporaryDirectory(), "roles.json");
  const verifier = makeVerifier("secret");
  await writeFile(path, JSON.stringify({ postgres: null, shardgres: verifier }));
  const roles = await readRoles(path);
  expect(roleStatements(roles)).toEqual([
    'ALTER ROLE "postgres" SUPERUSER LOGIN PASSWORD NULL',
    `CREATE ROLE "shardgres" SUPERUSER LOGIN PASSWORD '${verifier}'`,
  ]);
  for (const bad of ['{"postgres": "secret"}', `{"a": "SCRAM-SHA-256$1'; DROP"}`, "[]", "{"]) {
    await writeFile(path, bad);
    await expect(readRoles(path)).rejects.toThrow(`${path} does not hold the roles of a new PostgreSQL`);
  }
});
