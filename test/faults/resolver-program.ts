// A resolver without patience as a process of its own, so that it can be killed: TOPOLOGY-DIRECTORY PASSWORD-FILE.
import { readFileSync } from "node:fs";
import { localStore } from "../../src/topology/local-store.ts";
import { readTopology } from "../../src/topology/read-topology.ts";
import { ResolverLoop } from "./resolver-loop.ts";

const [directory = "", passwordFile = ""] = process.argv.slice(2);
new ResolverLoop(await readTopology(localStore(directory)), readFileSync(passwordFile, "utf8").trim());
