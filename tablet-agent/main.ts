// The tablet agent: the parent of one PostgreSQL. Stops with SIGTERM; SIGQUIT after that hurries.
// Says what happens as AgentEvents on standard output, and logs to standard error.
import { type AgentEvent, formatAgentEvent } from "../src/agent-api/agent-event.ts";
import { AppError } from "../src/base/app-error.ts";
import { describeError } from "../src/base/describe-error.ts";
import { createLog } from "../src/base/log.ts";
import { onStopSignal } from "../src/base/stop-signal.ts";
import { runAgent, stopTabletLeftovers } from "./agent.ts";
import { parseAgentOptions } from "./options.ts";

const log = createLog("tablet-agent");
const stop = new AbortController();
const hurry = new AbortController();

// Whoever started this may be gone; PostgreSQL is to be stopped properly all the same.
process.stdout.on("error", () => {});
const emit = (event: AgentEvent) => process.stdout.write(formatAgentEvent(event));
const stopAndHurry = () => {
  stop.abort();
  hurry.abort();
};

onStopSignal(() => stop.abort(), stopAndHurry);
process.on("SIGQUIT", stopAndHurry);

try {
  const command = parseAgentOptions(process.argv.slice(2));
  if (process.getuid?.() === 0)
    throw new AppError("root", "the tablet agent must not run as root, as PostgreSQL does not");
  const context = { emit, stop: stop.signal, hurry: hurry.signal };
  if (command.kind === "stop-leftovers") await stopTabletLeftovers(command.directory, { ...context, log });
  else await runAgent(command.options, { ...context, log: log.child({ tablet: command.options.tablet }) });
} catch (error) {
  if (!stop.signal.aborted) {
    log.fatal({ err: error }, "the tablet agent gives up");
    emit({ kind: "failed", ...describeError(error) });
    process.exitCode = 1;
  }
}
process.exit();
