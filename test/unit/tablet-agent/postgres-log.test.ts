// What the agent concludes from PostgreSQL's log, whose lines are PostgreSQL's own, and from its version.
import { expect, test } from "vitest";
import { failureCode, settingsTooLow, startFailure } from "../../../tablet-agent/postgres/failure-reason.ts";
import { receiverProblem } from "../../../tablet-agent/postgres/receiver-problem.ts";
import { versionProblem } from "../../../tablet-agent/postgres/version-problem.ts";

const at = "2026-11-28 19:38:51.672 UTC [16602] ";

test.each([
  ['PANIC:  could not write to file "pg_wal/xlogtemp.4711": No space left on device', "disk-full"],
  ['FATAL:  could not write lock file "postmaster.pid": No space left on device', "disk-full"],
  ["PANIC:  could not locate a valid checkpoint record at 0/3000060", "corrupt-data"],
  ['FATAL:  required WAL directory "pg_wal" does not exist', "corrupt-data"],
  ["FATAL:  database files are incompatible with server", "corrupt-data"],
  ['FATAL:  could not open file "pg_xact/0000": No such file or directory', "corrupt-data"],
  ["FATAL:  WAL ends before consistent recovery point", "corrupt-data"],
  ["FATAL:  could not create any TCP/IP sockets", "postgres-failed"],
  // Said on behalf of a session.
  ["ERROR:  invalid page in block 7 of relation base/5/16384", "postgres-failed"],
  ["", "postgres-failed"],
])("a start failed: %s", (line, code) => {
  expect(failureCode(`${at}LOG:  starting PostgreSQL 18.4\n${at}${line}\n`)).toBe(code);
});

test.each([
  ["16.8", "use 16.9 or newer"],
  ["17.4", "use 17.5 or newer"],
  ["16.9", undefined],
  ["17.10", undefined],
  ["18.0", undefined],
  ["19beta1", undefined],
])("what is wrong with PostgreSQL %s", (version, advice) => {
  if (advice === undefined) expect(versionProblem(version)).toBeUndefined();
  else expect(versionProblem(version)).toContain(advice);
});

test("the error of a start has PostgreSQL's last words", () => {
  const log = `${at}LOG:  starting\n${at}FATAL:  data directory "/d" has invalid permissions\n${at}DETAIL:  Permissions should be u=rwx.\n`;
  expect(startFailure("exit code 1", log, "/d.log").message).toBe(
    'PostgreSQL has ended while starting (exit code 1): data directory "/d" has invalid permissions (more in /d.log)',
  );
  expect(startFailure("signal SIGKILL", "", "/d.log").message).toBe(
    "PostgreSQL has ended while starting (signal SIGKILL)",
  );
});

test("a standby says which setting is too low, and what its primary had", () => {
  const log = `${at}FATAL:  recovery aborted because of insufficient parameter settings\n${at}DETAIL:  max_connections = 20 is a lower setting than on the primary server, where its value was 300.\n`;
  expect(settingsTooLow(log)).toEqual({ max_connections: "300" });
  expect(settingsTooLow("")).toEqual({});
});

test.each([
  [
    "FATAL:  could not receive data from WAL stream: ERROR:  requested WAL segment 000000010000000000000003 has already been removed",
    "wal-removed",
  ],
  ['FATAL:  could not start WAL streaming: ERROR:  can no longer access replication slot "sg_s1_1"', "wal-removed"],
  [
    "LOG:  new timeline 2 forked off current database system timeline 1 before current recovery point 0/3000A8",
    "diverged",
  ],
  ["FATAL:  highest timeline 1 of the primary is behind recovery timeline 2", "diverged"],
  [
    "FATAL:  could not start WAL streaming: ERROR:  requested starting point 0/5000000 on timeline 1 is not in this server's history",
    "diverged",
  ],
  ["FATAL:  database system identifier differs between the primary and standby", "diverged"],
  ['FATAL:  could not start WAL streaming: ERROR:  replication slot "sg_s1_0" does not exist', "other"],
  [
    'FATAL:  could not connect to the primary server: connection to server on socket "/s/.s.PGSQL.5432" failed',
    "other",
  ],
  ["FATAL:  terminating walreceiver due to timeout", "other"],
])("a standby gets no WAL: %s", (line, kind) => {
  const problem = receiverProblem(`${at}${line}\n${at}LOG:  waiting for WAL to become available at 0/8000188\n`);
  expect(problem).toEqual({ kind, message: line.replace(/^\w+: +/, "") });
});

test.each([
  'app@shop ERROR:  invalid input syntax for type integer: "x is ahead of the WAL flush position of this server"',
  "app@shop LOG:  FATAL:  database system identifier differs between the primary and standby",
  `app@shop ERROR:  a\n\t${at}FATAL:  database system identifier differs between the primary and standby`,
])("what a session says is no problem of the receiver: %s", (line) => {
  expect(receiverProblem(`${at}${line}\n`)).toBeUndefined();
});

test("the last problem counts, and what is none is none", () => {
  const log = [
    "FATAL:  terminating walreceiver due to timeout",
    "FATAL:  could not start WAL streaming: ERROR:  requested WAL segment 0000000A has already been removed",
    "LOG:  waiting for WAL to become available at 0/8000188",
  ];
  expect(receiverProblem(log.map((line) => at + line).join("\n"))?.kind).toBe("wal-removed");
  expect(receiverProblem(`${at}LOG:  started streaming WAL from primary at 0/3000000 on timeline 1\n`)).toBeUndefined();
});
