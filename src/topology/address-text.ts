// An address as options and files say it: "127.0.0.1:5432", "db.example:5432", "[::1]:5432".
import type { Address } from "./snapshot.ts";

/** undefined: it is none. `leastPort` 0: any port that is free. */
export function parseAddress(text: string, leastPort = 1): Address | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const [host, port] = [bracketed ?? plain, Number(digits)];
  return host !== undefined && port >= leastPort && port <= 65535 ? { host, port } : undefined;
}

export function writeAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
