// The gateway as a child of the launcher.
import { fileURLToPath } from "node:url";
import type { ClusterEvent } from "./cluster-event.ts";
import type { KeptProgram } from "./keep-running.ts";
import { keepListening } from "./listening-program.ts";

export interface GatewayOptions {
  readonly dataDir: string;
  readonly topologyPlace: string;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly adminPasswordFile: string;
  readonly verbose: boolean;
  /** Path of the program. */
  readonly main: string;
}

export const gatewayMain = fileURLToPath(new URL("../../gateway/main.ts", import.meta.url));

/** Ready with the port that it listens on. */
export function keepGateway(options: GatewayOptions, report: (event: ClusterEvent) => void): KeptProgram<number> {
  const { topologyPlace, host, adminPasswordFile } = options;
  const args = (port: number) => [
    ...["--topology", topologyPlace, "--host", host, "--port", String(port)],
    ...["--admin-password-file", adminPasswordFile],
  ];
  return keepListening({ ...options, who: "gateway", args }, report);
}
