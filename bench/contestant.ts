// Who is measured. All listen on a TCP port of 127.0.0.1; between proxy and PostgreSQL there is a Unix socket.
import { type PostgresServer, startPostgres } from "../test/support/postgres-server.ts";
import type { Protocol } from "./pgbench.ts";
import { startPgbouncer } from "./pgbouncer.ts";
import { startShardgres } from "./shardgres.ts";
import { createTables, type Workload, workloads } from "./workload.ts";

export const contestantNames = ["direct", "pgbouncer", "gateway-1", "gateway-2"] as const;
export type ContestantName = (typeof contestantNames)[number];

export interface Contestant {
  readonly name: ContestantName;
  readonly port: number;
  database(workload: Workload, protocol: Protocol): string;
  /** The process between client and PostgreSQL. */
  readonly proxyPid: number | undefined;
  readonly postmasters: readonly number[];
  stop(): Promise<void>;
}

/** Started, with all tables, in the order of `names`. One that is not installed is left out, and `report` is told. */
export async function startContestants(
  names: readonly ContestantName[],
  scale: number,
  report: (text: string) => void,
): Promise<Contestant[]> {
  const started: Contestant[] = [];
  try {
    report("direct: one PostgreSQL");
    const direct = await startDirect(scale);
    started.push(direct.contestant);
    for (const name of names) {
      if (name === "direct") continue;
      report(name);
      const contestant =
        name === "pgbouncer"
          ? await startPgbouncer(direct.server)
          : await startGateway(name, name === "gateway-1" ? 1 : 2, scale);
      if (contestant === undefined) report(`${name} is not installed`);
      else started.push(contestant);
    }
    return started;
  } catch (error) {
    await stopContestants(started);
    throw error;
  }
}

/** The last one first: pgbouncer needs the server of "direct". */
export async function stopContestants(contestants: readonly Contestant[]): Promise<void> {
  for (const contestant of contestants.toReversed()) await contestant.stop();
}

/** As the tablet agent configures a shard whose launcher has SHARDGRES_FSYNC=off. */
const shardSettings = {
  synchronous_commit: "on",
  shared_buffers: "128MB",
  max_connections: "300",
  max_prepared_transactions: "200",
};

async function startDirect(scale: number): Promise<{ server: PostgresServer; contestant: Contestant }> {
  const server = await startPostgres({ settings: shardSettings });
  try {
    for (const workload of workloads) await createTables(workload, server.port, scale, false);
  } catch (error) {
    await server.stop();
    throw error;
  }
  const contestant: Contestant = {
    name: "direct",
    port: server.port,
    database: ({ database }) => database,
    proxyPid: undefined,
    postmasters: [server.pid()],
    stop: () => server.stop(),
  };
  return { server, contestant };
}

async function startGateway(name: ContestantName, shards: number, scale: number): Promise<Contestant> {
  const { port, gatewayPid, postmasters, stop } = await startShardgres(shards);
  try {
    for (const workload of workloads) await createTables(workload, port, scale, true);
  } catch (error) {
    await stop();
    throw error;
  }
  return { name, port, database: ({ database }) => database, proxyPid: gatewayPid, postmasters, stop };
}
