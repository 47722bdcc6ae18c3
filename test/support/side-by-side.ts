// A plain PostgreSQL and a cluster with the same tables: what is said to both must be answered alike, message by message.
import { delay } from "../../src/base/delay.ts";
import { startCluster, type TestCluster } from "./cluster.ts";
import { ClusterClients, runAll } from "./cluster-clients.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";
import { RawClient, show } from "./raw-client.ts";

/** A statement, answered in full; or a pause; or: now the server ends the session. */
export type Line = string | { readonly pauseMs: number } | "(closed)";

export class SideBySide {
  readonly cluster: TestCluster;
  readonly clients: ClusterClients;
  readonly plain: PostgresServer;

  /** `setup` runs on both, `distribute` on the cluster only, after it. */
  static async start(shards: number, setup: readonly string[], distribute: readonly string[]): Promise<SideBySide> {
    const cluster = await startCluster({ shards });
    const plain = await startPostgres().catch(async (error: unknown) => {
      await cluster.stop();
      throw error;
    });
    const both = new SideBySide(cluster, plain, shards);
    await both.run(...setup);
    const client = await both.clients.open();
    await runAll(client, ...distribute);
    return both;
  }

  private constructor(cluster: TestCluster, plain: PostgresServer, shards: number) {
    this.cluster = cluster;
    this.plain = plain;
    this.clients = new ClusterClients(cluster, shards);
  }

  async run(...statements: readonly string[]): Promise<void> {
    for (const port of this.#ports) {
      const client = await this.clients.open({ port });
      await runAll(client, ...statements);
      await client.end();
    }
  }

  /**
   * Resolves with what both have answered: [PostgreSQL, cluster], errors, notices and rows as lines. `startup`: parameters
   * of the session.
   */
  async answers(lines: readonly Line[], startup: Readonly<Record<string, string>> = {}): Promise<[string[], string[]]> {
    const [plain, cluster] = await Promise.all(this.#ports.map((port) => converse(port, lines, startup)));
    return [plain!, cluster!];
  }

  async stop(): Promise<void> {
    await this.clients.end();
    await Promise.all([this.cluster.stop(), this.plain.stop()]);
  }

  get #ports(): readonly number[] {
    return [this.plain.port, this.cluster.port];
  }
}

async function converse(
  port: number,
  lines: readonly Line[],
  startup: Readonly<Record<string, string>>,
): Promise<string[]> {
  const said: string[] = [];
  const client = await RawClient.open(port);
  const take = () => {
    // Settings are reported when they change, which is not what is compared; nor are object ids in descriptions.
    said.push(
      ...client.frames
        .splice(0)
        .map(show)
        .filter((line) => !/^[STRK]/.test(line)),
    );
  };
  client.start({ user: "postgres", database: "postgres", ...startup });
  await client.until("Z");
  take();
  for (const line of lines) {
    said.push(typeof line === "string" ? `> ${line}` : `> (${line.pauseMs} ms)`);
    if (typeof line !== "string") await delay(line.pauseMs);
    else if (line === "(closed)") await client.closed();
    else await client.query(line);
    take();
    if (client.isClosed) said.push("closed");
  }
  client.end();
  return said;
}
