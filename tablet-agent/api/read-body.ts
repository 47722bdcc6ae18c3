// The body of a request, as JSON, if it is not too long.
import type { IncomingMessage } from "node:http";
import { type Json, parseJson } from "../../src/base/json.ts";
import { ApiError } from "./api-error.ts";

const bytesMax = 16_384;

/** Throws ApiError. What is too long is read to its end all the same: who is still sending would not see the answer. */
export async function readBody(request: IncomingMessage): Promise<Json> {
  const type = request.headers["content-type"]?.split(";")[0]?.trim();
  // A browser sends this type to other sites only after it has asked them.
  if (type !== "application/json") throw new ApiError(415, "not-json", "the body is to be application/json");
  const text = await readText(request);
  try {
    return parseJson(text, "the body");
  } catch {
    throw new ApiError(400, "not-json", "the body is not valid JSON");
  }
}

function readText(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= bytesMax) chunks.push(chunk);
    });
    request.on("end", () => {
      if (length <= bytesMax) resolve(Buffer.concat(chunks).toString("utf8"));
      else reject(new ApiError(413, "too-long", `the body is above ${bytesMax} bytes`));
    });
    const brokenOff = () => reject(new ApiError(400, "broken-off", "the body was broken off"));
    request.on("error", brokenOff);
    request.on("close", brokenOff);
  });
}
