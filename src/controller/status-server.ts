// What the controller tells over HTTP: GET /metrics for Prometheus, /live and /ready for whoever keeps it running.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { AppError } from "../base/app-error.ts";
import { errorCode } from "../base/error-code.ts";
import { type Metric, metricsContentType, metricsText } from "../base/metrics.ts";

export interface Status {
  metrics(): readonly Metric[];
  /** What it is doing: "active", "standby". undefined: not ready. */
  readiness(): string | undefined;
}

export interface StatusServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Port 0: any that is free. Throws AppError "cannot-listen". */
export async function serveStatus(host: string, port: number, status: Status): Promise<StatusServer> {
  const server = createServer((request, response) => answer(status, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      const reason = errorCode(error) === "EADDRINUSE" ? "it is in use" : error.message;
      reject(new AppError("cannot-listen", `cannot listen on port ${port} of ${host}: ${reason}`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(status: Status, request: IncomingMessage, response: ServerResponse): void {
  const send = (code: number, body: string, type = "text/plain; charset=utf-8") =>
    response.writeHead(code, { "content-type": type }).end(request.method === "HEAD" ? undefined : body);
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    send(405, "only GET and HEAD\n");
    return;
  }
  // Not every path is a URL's: "//" is none.
  switch (request.url?.split("?", 1)[0]) {
    case "/metrics":
      send(200, metricsText(status.metrics()), metricsContentType);
      return;
    case "/live":
      send(200, "live\n");
      return;
    case "/ready": {
      const ready = status.readiness();
      send(ready === undefined ? 503 : 200, `${ready ?? "not ready"}\n`);
      return;
    }
    default:
      send(404, "there are /metrics, /live and /ready\n");
  }
}
