#!/usr/bin/env node
// The controller: ends what gateways and shards have left behind. `node src/controller/main.ts --help` tells its options.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createLog } from "../base/log.ts";
import { openStore, parseStorePlace } from "../topology/open-store.ts";
import type { Topology } from "../topology/snapshot.ts";
import { watchTopology } from "../topology/watch-topology.ts";
import { Controller } from "./controller.ts";
import { becomeSoleController } from "./sole-controller.ts";
import { serveStatus } from "./status-server.ts";

const help = `Usage: node src/controller/main.ts --topology PLACE [options]

Ends transactions over several shards that a crash has left in doubt, deletes
records of transactions that nobody needs any more, and warns of prepared
transactions that somebody has forgotten. One controller of a cluster works;
others wait to take over.

  --topology PLACE            directory of the local topology store, or
                              kubernetes:NAMESPACE/CLUSTER
  --admin-password-file FILE  password of the role "shardgres" at the shards
  --metrics-port N            port on 127.0.0.1 for HTTP: GET /metrics (for
                              Prometheus), /live, /ready (default: any free)
  --name NAME                 name of this controller in logs (default c1)
  --help                      this text

Prints {"ready":true,"port":N} on standard output when it answers on that port.
`;

const host = "127.0.0.1";

const { values: options } = parseArgs({
  options: {
    topology: { type: "string" },
    "admin-password-file": { type: "string" },
    "metrics-port": { type: "string", default: "0" },
    name: { type: "string", default: "c1" },
    help: { type: "boolean", default: false },
  },
});

if (options.help) {
  process.stdout.write(help);
} else if (options.topology === undefined) {
  process.stderr.write("controller: --topology is missing; see --help\n");
  process.exitCode = 2;
} else {
  run(options.topology).catch((error: unknown) => {
    process.stderr.write(`controller: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  });
}

async function run(topologyPlace: string): Promise<void> {
  const place = parseStorePlace(topologyPlace);
  const store = openStore(place);
  const log = createLog(`controller ${options.name}`);
  const stopping = new AbortController();
  const { signal } = stopping;
  for (const request of ["SIGTERM", "SIGINT"] as const) {
    process.once(request, () => {
      setTimeout(() => process.exit(0), 3_000).unref();
      stopping.abort();
    });
  }
  const passwordFile = options["admin-password-file"];
  const password = passwordFile === undefined ? undefined : readFileSync(passwordFile, "utf8").trim();

  const changes = watchTopology(store, signal, {
    onTrouble: (reason) => log.warn({ err: reason }, "topology not readable; going on with the last one"),
  });
  const first = await changes.next();
  if (first.done === true) return;
  let topology: Topology = first.value;
  const controller = new Controller(() => topology, password, log);
  const watching = (async () => {
    for await (const next of changes) {
      topology = next;
      controller.topologyChanged();
    }
  })().catch((error: unknown) => log.error({ err: error }, "topology not watched any more"));

  const server = await serveStatus(host, Number(options["metrics-port"]), {
    metrics: () => controller.metrics(),
    readiness: () => (signal.aborted ? undefined : controller.isActive ? "active" : "standby"),
  });
  process.stdout.write(`${JSON.stringify({ ready: true, port: server.port })}\n`);

  while (!signal.aborted) {
    const reign = await becomeSoleController(place, store.leases, signal, (who) =>
      log.info(who, "another one works; waiting"),
    );
    if (reign === undefined) break;
    log.info({ metricsPort: server.port }, "at work");
    await controller.work(reign.signal);
    if (!signal.aborted) log.warn("this controller's lease is lost; waiting for it");
    else await controller.close();
    await reign.release();
  }
  await server.close();
  await watching;
  process.exit(0);
}
