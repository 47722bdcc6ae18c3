// Tablets' PostgreSQL servers on this machine, as agents have them, with everything in one temporary directory.
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { onTestFinished } from "vitest";
import { createLog } from "../../src/base/log.ts";
import { postgresVersion } from "../../src/base/postgres-version.ts";
import { makeVerifier } from "../../src/pgwire/scram.ts";
import type { Observation, PostgresServer, SynchronousStandbys, Upstream } from "../../tablet-agent/postgres/server.ts";
import { type TabletServerOptions, tabletServer } from "../../tablet-agent/postgres/tablet-server.ts";
import { eventually } from "./eventually.ts";

export interface TestTablet extends PostgresServer {
  readonly name: string;
  readonly directory: string;
  /** As the upstream of others. */
  upstream(term: number): Upstream;
  /** A session that is closed when the test is over. */
  connect(): Promise<pg.Client>;
  /** The first value of the first row of the last statement. */
  ask(text: string, values?: readonly unknown[]): Promise<unknown>;
  look(): Promise<Observation>;
  /** Looks until it is so. */
  see(isSo: (observation: Observation) => boolean): Promise<Observation>;
  /** Promotes it where it is. */
  begin(term: number, synchronous: SynchronousStandbys | undefined): Promise<void>;
  /** Waits until this standby has everything that `primary` has now. */
  catchUp(primary: TestTablet): Promise<void>;
  /** A clone of `primary`, started as its standby. */
  standBy(primary: TestTablet, term: number): Promise<void>;
}

export const testPassword = "it's a:secret\\";
const never = new AbortController().signal;

/** Gives a maker of tablets. They are stopped and removed when the test is over. */
export async function tabletsOf(
  pgBin: string,
  options: Partial<TabletServerOptions> = {},
): Promise<(name: string, more?: Partial<TabletServerOptions>) => Promise<TestTablet>> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "sg-")));
  const servers: PostgresServer[] = [];
  onTestFinished(async () => {
    await Promise.all(servers.map((server) => server.stop("immediate")));
    await rm(root, { recursive: true, force: true });
  });
  const rolesFile = join(root, "roles.json");
  await writeFile(rolesFile, JSON.stringify({ postgres: null, shardgres: makeVerifier(testPassword) }));
  const version = await postgresVersion(pgBin);
  return async (name, more = {}) => {
    const directory = join(root, name);
    await mkdir(directory);
    const server = await tabletServer({
      tablet: name,
      directory,
      pgBin,
      version,
      rolesFile,
      authentication: "scram-sha-256",
      place: undefined,
      password: testPassword,
      listen: undefined,
      tls: undefined,
      fsync: false,
      settings: { shared_buffers: "16MB" },
      log: createLog(name, "silent"),
      ...options,
      ...more,
    });
    servers.push(server);
    return testTablet(server, name, directory);
  };
}

function testTablet(server: PostgresServer, name: string, directory: string): TestTablet {
  const { address } = server;
  const open = async () => {
    const { host, port } = address;
    const client = new pg.Client({ host, port, user: "shardgres", database: "postgres", password: testPassword });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  const look = () => server.observe(AbortSignal.timeout(10_000));
  const see = async (isSo: (observation: Observation) => boolean) =>
    await eventually(async () => {
      const observation = await look();
      return isSo(observation) && observation;
    });
  const tablet: Omit<TestTablet, keyof PostgresServer> = {
    name,
    directory,
    upstream: (term) => ({ tablet: name, term, address }),
    look,
    see,
    async connect() {
      const client = await open();
      onTestFinished(() => client.end().catch(() => {}));
      return client;
    },
    async ask(text, values = []) {
      const client = await open();
      try {
        const answer: unknown = await client.query({ text, values: [...values], rowMode: "array" });
        const last = Array.isArray(answer) ? answer.at(-1) : answer;
        return last.rows[0]?.[0];
      } finally {
        await client.end();
      }
    },
    async catchUp(primary) {
      const { lsn } = await primary.look();
      await see((observation) => observation.replayedLsn >= lsn);
    },
    async begin(term, synchronous) {
      const { lsn } = await look();
      await server.promote([{ term, lsn }], synchronous);
    },
    async standBy(primary, term) {
      await server.clone(primary.upstream(term), () => {}, never);
      await server.start({ kind: "standby", upstream: primary.upstream(term) });
    },
  };
  return Object.assign(server, tablet);
}

/** The first primary, of term 1. */
export async function firstPrimary(tablet: TestTablet): Promise<void> {
  await tablet.initialise(never);
  await tablet.start({ kind: "primary", synchronous: undefined });
  await tablet.promote([{ term: 1, lsn: 0 }], undefined);
}
