// Ports of 127.0.0.1 for servers that must be told theirs. Below the range from which the kernel takes ports for
// connections, so that none of those takes one away before the server has it.
import { once } from "node:events";
import { createServer } from "node:net";

const [first, count] = [20_000, 12_000];

export async function freePorts(wanted: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < wanted) {
    const port = first + Math.floor(Math.random() * count);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
