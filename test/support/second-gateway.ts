// One more gateway on the topology of a test cluster, as a process of its own.
import { join } from "node:path";
import { gatewayMain } from "../../src/local/gateway-program.ts";
import { startProgram } from "../../src/local/program.ts";
import type { TestCluster } from "./cluster.ts";

export interface SecondGateway {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/**
 * `name` is to differ from the names of the cluster's other gateways; the first one is "g1". `topology`: where it is, if
 * not where the cluster has it.
 */
export async function startSecondGateway(
  { dataDir }: Pick<TestCluster, "dataDir">,
  name = "g2",
  topology = join(dataDir, "topology"),
): Promise<SecondGateway> {
  const ready = Promise.withResolvers<number>();
  const program = await startProgram({
    main: gatewayMain,
    args: [
      ...["--topology", topology, "--host", "127.0.0.1", "--port", "0", "--name", name],
      ...["--admin-password-file", join(dataDir, "admin-password")],
    ],
    user: undefined,
    logFile: join(dataDir, "logs", `${name}.log`),
    onLine(line) {
      const said = JSON.parse(line) as { ready?: unknown; port?: unknown };
      if (said.ready === true) ready.resolve(Number(said.port));
    },
  });
  void program.exited.then((how) => ready.reject(new Error(`gateway ${name} has ended (${how})`)));
  return {
    port: await ready.promise,
    pid: program.pid,
    async stop() {
      program.kill("SIGTERM");
      await program.exited;
    },
  };
}
