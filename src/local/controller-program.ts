// The controller as a child of the launcher.
import { fileURLToPath } from "node:url";
import type { ClusterEvent } from "./cluster-event.ts";
import type { KeptProgram } from "./keep-running.ts";
import { keepListening } from "./listening-program.ts";

export interface ControllerOptions {
  readonly dataDir: string;
  readonly topologyPlace: string;
  /** Of its metrics; 0: any that is free. */
  readonly port: number;
  readonly adminPasswordFile: string;
  readonly verbose: boolean;
}

const controllerMain = fileURLToPath(new URL("../controller/main.ts", import.meta.url));

/** Ready with the port of its metrics. */
export function keepController(options: ControllerOptions, report: (event: ClusterEvent) => void): KeptProgram<number> {
  const { topologyPlace, adminPasswordFile } = options;
  const args = (port: number) => [
    ...["--topology", topologyPlace, "--metrics-port", String(port)],
    ...["--admin-password-file", adminPasswordFile],
  ];
  return keepListening({ ...options, who: "controller", main: controllerMain, args }, report);
}
