// The controller's HTTP: what it answers, and that nobody brings it down by asking strangely.
import { request } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { serveStatus } from "../../../src/controller/status-server.ts";

async function statusOf(port: number, path: string, method = "GET"): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, method, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on("error", reject).end();
  });
}

test("paths that are no URL's are as unknown as others", async () => {
  const server = await serveStatus("127.0.0.1", 0, { metrics: () => [], readiness: () => undefined });
  onTestFinished(() => server.close());
  const { port } = server;
  expect(await statusOf(port, "/metrics")).toBe(200);
  expect(await statusOf(port, "/live?verbose")).toBe(200);
  expect(await statusOf(port, "/ready")).toBe(503);
  expect(await statusOf(port, "/live", "POST")).toBe(405);
  for (const path of ["/", "//", "//[", "*"]) expect(await statusOf(port, path), path).toBe(404);
  expect(await statusOf(port, "/live", "HEAD")).toBe(200);
});
