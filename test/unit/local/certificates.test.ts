// The certificates of a local cluster: made once, kept, and replaced when they are due, missing or broken.
import { X509Certificate } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readTlsFiles, type TlsFiles, tlsFilesIn } from "../../../src/agent-api/tls-files.ts";
import { certificatesDirectory, ensureCertificates, keepCertificates } from "../../../src/local/certificates.ts";
import { eventually } from "../../support/eventually.ts";
import { clientOf, fakeAgent } from "../../support/fake-agent.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const clusterId = "6b4a0c52-5a0f-4c2f-9a38-1a1b1c1d1e1f";
const dayMs = 24 * 3_600_000;
const after = (days: number) => () => new Date(Date.UTC(2026, 10, 28) + days * dayMs);
const options = (days = 0) => ({ clusterId, agentUser: undefined, now: after(days) });

const serialOf = async ({ certificate }: TlsFiles) =>
  new X509Certificate(await readFile(certificate, "utf8")).serialNumber;
const serialsIn = async (dataDir: string) => {
  const [agent, admin] = (["agent", "admin"] as const).map((who) => tlsFilesIn(certificatesDirectory(dataDir), who));
  const authority = { ...agent!, certificate: agent!.authority };
  return await Promise.all([authority, agent!, admin!].map(serialOf));
};

test("they are made, for their holders only, and work between agents and who runs the cluster", async () => {
  const dataDir = await temporaryDirectory();
  const files = await ensureCertificates(dataDir, { clusterId, agentUser: undefined });
  const directory = join(dataDir, "certificates");
  const modes = await Promise.all(
    (await readdir(directory))
      .sort()
      .map(async (name) => [name, ((await stat(join(directory, name))).mode & 0o777).toString(8)]),
  );
  expect(Object.fromEntries(modes)).toEqual({
    "admin.pem": "600",
    "agent.pem": "600",
    "ca-key.pem": "600",
    "ca.pem": "644",
  });
  const authority = new X509Certificate(await readFile(files.agent.authority, "utf8"));
  expect(authority.subject).toBe(`CN=shardgres ${clusterId}`);
  const agent = await fakeAgent(files.agent);
  expect((await clientOf(files.agent).pledge(agent.target, { term: 1, candidate: "s1-0" })).pledge.term).toBe(1);
  expect((await clientOf(files.admin).status(agent.target)).name).toBe("s1-0");
  await expect(clientOf(files.admin).pledge(agent.target, { term: 1, candidate: "s1-0" })).rejects.toThrow("may not");
  const byName = { ...agent.target, address: { ...agent.target.address, host: "localhost" } };
  expect((await clientOf(files.admin).status(byName)).name).toBe("s1-0");
});

test("they stay until they are due; the authority outlives many of its certificates", async () => {
  const dataDir = await temporaryDirectory();
  await ensureCertificates(dataDir, options());
  const first = await serialsIn(dataDir);
  await ensureCertificates(dataDir, options(240));
  expect(await serialsIn(dataDir)).toEqual(first);
  await ensureCertificates(dataDir, options(245));
  const second = await serialsIn(dataDir);
  expect(second[0]).toBe(first[0]);
  expect(second[1]).not.toBe(first[1]);
  expect(second[2]).not.toBe(first[2]);
});

test("an authority that is due is believed until it has run out, beside the next", async () => {
  const dataDir = await temporaryDirectory();
  const { agent } = await ensureCertificates(dataDir, options());
  const before = await readFile(agent.authority, "utf8");
  await ensureCertificates(dataDir, options(2_500));
  const both = await readFile(agent.authority, "utf8");
  expect(both.endsWith(before)).toBe(true);
  expect(both.match(/BEGIN/g)).toHaveLength(2);
  const [present] = await serialsIn(dataDir);
  // The next time it goes by the first one, and the one of before is still there.
  await ensureCertificates(dataDir, options(2_501));
  expect(await readFile(agent.authority, "utf8")).toBe(both);
  await ensureCertificates(dataDir, options(2_500 + 3_651));
  const later = await readFile(agent.authority, "utf8");
  expect(later.match(/BEGIN/g)).toHaveLength(1);
  expect((await serialsIn(dataDir))[0]).not.toBe(present);
});

test.each(["ca.pem", "ca-key.pem", "agent.pem", "admin.pem"])(
  "%s that is gone or cut off is made again",
  async (name) => {
    const dataDir = await temporaryDirectory();
    const files = await ensureCertificates(dataDir, { clusterId, agentUser: undefined });
    const path = join(dataDir, "certificates", name);
    const isWhole = async () => {
      await ensureCertificates(dataDir, { clusterId, agentUser: undefined });
      await Promise.all([readTlsFiles(files.agent), readTlsFiles(files.admin)]);
      const agent = await fakeAgent(files.agent);
      expect((await clientOf(files.admin).status(agent.target)).name).toBe("s1-0");
    };
    await rm(path);
    await isWhole();
    await writeFile(path, (await readFile(path, "utf8")).slice(0, 200));
    await isWhole();
  },
);

test("while the cluster runs, what becomes due is renewed; trouble does not end that", async () => {
  const dataDir = await temporaryDirectory();
  await ensureCertificates(dataDir, options());
  const first = await serialsIn(dataDir);
  let days = 0;
  const troubles: unknown[] = [];
  const stopping = new AbortController();
  const keep = { signal: stopping.signal, everyMs: 5, onTrouble: (reason: unknown) => troubles.push(reason) };
  const keeping = keepCertificates(dataDir, { ...options(), now: () => after(days)() }, keep);
  await rm(join(dataDir, "certificates", "ca.pem"));
  await mkdir(join(dataDir, "certificates", "ca.pem"));
  await eventually(() => troubles.length > 0);
  await rm(join(dataDir, "certificates", "ca.pem"), { recursive: true });
  days = 300;
  await eventually(async () => (await serialsIn(dataDir)).every((serial, i) => serial !== first[i]));
  stopping.abort();
  await keeping;
});
