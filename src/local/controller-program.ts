// The controller as a child of the launcher.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ClusterEvent } from "./cluster-event.ts";
import type { KeptProgram } from "./keep-running.ts";
import { keepListening } from "./listening-program.ts";

export interface ControllerOptions {
  readonly dataDir: string;
  /** Of its metrics; 0: any that is free. */
  readonly port: number;
  readonly adminPasswordFile: string;
  readonly verbose: boolean;
}

const controllerMain = fileURLToPath(new URL("../controller/main.ts", import.meta.url));

/** Ready with the port of its metrics. */
export function keepController(options: ControllerOptions, report: (event: ClusterEvent) => void): KeptProgram<number> {
  const { dataDir, adminPasswordFile } = options;
  const topology = join(dataDir, "topology");
  const args = (port: number) => [
    ...["--topology", topology, "--metrics-port", String(port)],
    ...["--admin-password-file", adminPasswordFile],
  ];
  return keepListening({ ...options, who: "controller", main: controllerMain, args }, report);
}
