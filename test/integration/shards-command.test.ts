// `shardgres shards` as a program, against the API of agents behind which there are no tablets.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, test } from "vitest";
import type { SwitchoverRequest } from "../../src/agent-api/switchover.ts";
import { ensureCertificates, type LocalCertificates } from "../../src/local/certificates.ts";
import { changeShard } from "../../src/topology/change-shard.ts";
import { createTopology } from "../../src/topology/create-topology.ts";
import { shardName } from "../../src/topology/documents.ts";
import { localStore } from "../../src/topology/local-store.ts";
import type { Tablet } from "../../src/topology/snapshot.ts";
import type { AgentVerbs } from "../../tablet-agent/api/agent-verbs.ts";
import { type FakeAgent, fakeAgent } from "../support/fake-agent.ts";
import { runProgram } from "../support/run-program.ts";
import { fullStatus, leastStatus } from "../support/sample-status.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const s1 = shardName("s1");

let dataDir: string;
let certificates: LocalCertificates;

beforeEach(async () => {
  dataDir = await temporaryDirectory();
  await mkdir(join(dataDir, "topology"));
  const cluster = { shardCount: 2, authentication: "trust", postgresVersion: "18" } as const;
  const { clusterId } = await createTopology(localStore(join(dataDir, "topology")), cluster);
  certificates = await ensureCertificates(dataDir, { clusterId, agentUser: undefined });
});

const shards = (...args: string[]) => runProgram(process.execPath, [main, "shards", ...args, "--data-dir", dataDir]);

/** The primary s1-0 and the standby s1-1, as agents; the topology knows where they are. */
async function twoTablets(verbs: Partial<AgentVerbs> = {}): Promise<{ primary: FakeAgent; standby: FakeAgent }> {
  const { activity: _activity, ...status } = fullStatus;
  const follows = { primary: "s1-0", term: 7 };
  const own = { name: "s1-1", role: "standby", term: 7, isWhole: true, follows, lagBytes: 0 } as const;
  const ready = { isGood: true, reason: "follows s1-0" };
  const primary = await fakeAgent(certificates.agent, { status: async () => status, ...verbs });
  const standby = await fakeAgent(
    certificates.agent,
    { status: async () => ({ ...leastStatus, ...own, ready }) },
    { tablet: "s1-1" },
  );
  const tablets = [primary, standby].map(
    ({ target }): Tablet => ({
      name: target.tablet,
      address: { host: join(dataDir, target.tablet), port: 5432 },
      agent: target.address,
    }),
  );
  await changeShard(localStore(join(dataDir, "topology")), s1, (before) => ({
    ...before,
    term: 7,
    tablets,
    primary: tablets[0],
    durability: "one",
    cohort: { standbys: ["s1-1"], acknowledgements: 1 },
  }));
  return { primary, standby };
}

test("status asks the agents; the exit code says whether all is well", async () => {
  const { standby } = await twoTablets();
  const { code, stdout, stderr } = await shards("status", "--shard", "s1");
  expect(stdout).toBe(`s1
  term 7, primary s1-0, durability one, commits wait for 1 of s1-1
  s1-0  primary   term 7, lease for 4.9 s, 52 GB free
  s1-1  standby   term 7, synchronous, 0 bytes behind
  decisions (UTC)
    11-28 19:00:00  s1-0  promote: the topology names this tablet
    11-28 19:00:01  s1-0  try-lease: the primary renews its lease (812 times)
`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const all = await shards("status");
  expect(all.stdout).toContain("\n\ns2\n  term 0, no primary, durability none\n  problem: it has no primary\n");
  expect(all.code).toBe(1);
  const topology = join(dataDir, "topology");
  const apart = ["--topology", topology, "--certificates", join(dataDir, "certificates")];
  const elsewhere = await runProgram(process.execPath, [main, "shards", "status", "--shard", "s1", ...apart]);
  expect(elsewhere).toEqual({ code, stdout, stderr });
  await standby.close();
  const broken = await shards("status", "--shard", "s1", "--json");
  expect(broken.code).toBe(1);
  const [{ tablets, isSound }] = JSON.parse(broken.stdout).shards;
  expect(isSound).toBe(false);
  expect(tablets[0]).toMatchObject({ answers: true, status: { name: "s1-0", lsn: "0/7001230" } });
  expect(tablets[1]).toMatchObject({ answers: false, problem: expect.stringContaining("the connection is refused") });
});

test("switchover asks the primary's agent, and follows in the topology what it begins and does not end", async () => {
  const requests: SwitchoverRequest[] = [];
  const { primary } = await twoTablets({
    async switchover(request) {
      requests.push(request);
      if (!request.force) return { kind: "refused", reason: "s1-1 is 3 GB behind", hint: "Wait, or use --force." };
      await changeShard(localStore(join(dataDir, "topology")), s1, ({ tablets, ...before }) => {
        return {
          ...before,
          tablets,
          term: 8,
          primary: tablets[1],
          cohort: { standbys: ["s1-0"], acknowledgements: 1 },
        };
      });
      // As an agent that ends before it has answered.
      await primary.close();
      return { kind: "unfinished", reason: "never told" };
    },
  });
  expect(await shards("switchover", "--shard", "s1", "--to", "s1-1")).toEqual({
    code: 1,
    stdout: "",
    stderr: "error: the switchover of shard s1 is refused: s1-1 is 3 GB behind\nhint: Wait, or use --force.\n",
  });
  expect(await shards("switchover", "--shard", "s1", "--wait", "2", "--force")).toEqual({
    code: 0,
    stdout: "s1: s1-1 is the primary of term 8\n",
    stderr: "",
  });
  expect(requests).toEqual([{ to: "s1-1" }, { force: true, drainMs: 2_000 }]);
});

test("which shard is asked for when there are several, and what is not there is named", async () => {
  expect(await shards("switchover")).toEqual({
    code: 1,
    stdout: "",
    stderr: "error: which shard? there are several: --shard SHARD\nhint: The shards are s1, s2.\n",
  });
  expect(await shards("status", "--shard", "s3")).toMatchObject({
    code: 1,
    stderr: 'error: there is no shard "s3"\nhint: The shards are s1, s2.\n',
  });
  await twoTablets();
  await rm(certificates.admin.certificate);
  expect(await shards("status")).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^error: the certificate in .*admin\.pem cannot be used: ENOENT.*\nhint: `shardgres/),
  });
});
