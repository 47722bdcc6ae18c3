#!/usr/bin/env node
// The gateway: clients in, shards out. `node gateway/main.ts --help` tells its options.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createLog } from "../src/base/log.ts";
import { AdminConnections } from "../src/pool/admin-connections.ts";
import { loadParser } from "../src/sql/parse.ts";
import { freshness } from "../src/topology/freshness.ts";
import { openStore, parseStorePlace } from "../src/topology/open-store.ts";
import { parseReach, reachAsSaid, reachTopology } from "../src/topology/reach.ts";
import type { Topology } from "../src/topology/snapshot.ts";
import { watchTopology } from "../src/topology/watch-topology.ts";
import { Gateway } from "./gateway.ts";
import { holdTimeoutMs } from "./hold-timeout.ts";
import { listen } from "./listener.ts";

const help = `Usage: node gateway/main.ts --topology PLACE [options]

Speaks PostgreSQL's protocol to clients and sends their statements to the
shards that the topology names.

  --topology PLACE            directory of the local topology store, or
                              kubernetes:NAMESPACE/CLUSTER
  --host ADDRESS              address to listen on (default 127.0.0.1)
  --port N                    port to listen on (default 6432)
  --admin-password-file FILE  password of the role "shardgres" at the shards
  --reach FILE                JSON {"HOST:PORT": "HOST:PORT"}: where tablets are
                              reached, if not where the topology says
  --name NAME                 name of this gateway in the cluster (default g1)
  --help                      this text

Prints {"ready":true,"port":N} on standard output when it accepts clients.
`;

const { values: options } = parseArgs({
  options: {
    topology: { type: "string" },
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "6432" },
    "admin-password-file": { type: "string" },
    reach: { type: "string" },
    name: { type: "string", default: "g1" },
    help: { type: "boolean", default: false },
  },
});

if (options.help) {
  process.stdout.write(help);
} else if (options.topology === undefined) {
  process.stderr.write("gateway: --topology is missing; see --help\n");
  process.exitCode = 2;
} else {
  run(options.topology).catch((error: unknown) => {
    process.stderr.write(`gateway: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  });
}

async function run(topologyPlace: string): Promise<void> {
  const store = openStore(parseStorePlace(topologyPlace));
  const log = createLog(`gateway ${options.name}`);
  const passwordFile = options["admin-password-file"];
  const password = passwordFile === undefined ? undefined : readFileSync(passwordFile, "utf8").trim();
  const { reach: reachFile } = options;
  const reach = reachFile === undefined ? reachAsSaid : parseReach(readFileSync(reachFile, "utf8"), reachFile);
  await loadParser();

  const stopping = new AbortController();
  const { confirm, ageMs } = freshness();
  const changes = watchTopology(store, stopping.signal, {
    onTrouble: (reason) =>
      log.warn({ err: reason, ageMs: ageMs() }, "topology not readable; going on with the last one"),
    onConfirmed: confirm,
  });
  const first = await changes.next();
  if (first.done === true) throw new Error("there is no topology");
  let topology: Topology = reachTopology(first.value, reach);
  const admin = new AdminConnections(() => topology, password, "shardgres gateway", holdTimeoutMs(undefined));
  const gateway = new Gateway(options.name, () => topology, admin, log);
  gateway.topologyAgeMs = ageMs;
  const watching = (async () => {
    for await (const next of changes) {
      topology = reachTopology(next, reach);
      gateway.topologyChanged();
    }
  })().catch((error: unknown) => log.error({ err: error }, "topology not watched any more"));

  const listener = await listen(gateway, options.host, Number(options.port));
  process.stdout.write(`${JSON.stringify({ ready: true, port: listener.port })}\n`);
  log.info({ port: listener.port }, "accepting clients");

  const stop = async (): Promise<void> => {
    setTimeout(() => process.exit(0), 1_500).unref();
    await listener.close();
    await gateway.close();
    stopping.abort();
    await watching;
    process.exit(0);
  };
  process.once("SIGTERM", () => void stop());
  process.once("SIGINT", () => void stop());
}
