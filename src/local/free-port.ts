// Whether a program will be able to listen: found out before anything is started.
import { createServer } from "node:net";
import { AppError } from "../base/app-error.ts";
import { delay } from "../base/delay.ts";
import { errorCode } from "../base/error-code.ts";

const pollMs = 50;

/** Waits up to `patienceMs` for whoever has the port that `option` names. Throws AppError "port-in-use". */
export async function checkPortIsFree(
  host: string,
  port: number,
  patienceMs: number,
  option = "--port",
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const problem = await tryListen(host, port);
    if (problem === undefined) return;
    if (performance.now() >= deadline) throw explain(host, port, option, problem);
    await delay(pollMs);
  }
}

function tryListen(host: string, port: number): Promise<unknown> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function explain(host: string, port: number, option: string, cause: unknown): AppError {
  const code = errorCode(cause);
  if (code === "EADDRINUSE") {
    const hint = `Stop what listens there, or use another port: ${option} ${port < 65535 ? port + 1 : 6432}`;
    return new AppError("port-in-use", `port ${port} of ${host} is in use`, { hint, cause });
  }
  const hint =
    code === "EACCES" ? `Ports below 1024 are for root. Use another one: ${option} 6432` : `Use another: ${option} N`;
  return new AppError("port-in-use", `nothing can listen on port ${port} of ${host} (${code})`, { hint, cause });
}
