// The binary of binary/main.go: kube-apiserver, etcd and the other parts of Kubernetes in one file. It is built once, and
// kept outside of the tree under the hash of what it is built from. `node test/kubernetes/kubernetes-binary.ts` builds it
// (5 minutes on 2 cores, and the network; later runs find it); tests only use it.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const kubernetesVersion = "v1.34.4";

const parts = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "etcd"] as const;

const sources = fileURLToPath(new URL("binary", import.meta.url));
const goNeeded = [1, 24] as const;

/** Directory of the programs, named as their parts are; undefined: they have not been built. */
export function kubernetesPrograms(): string | undefined {
  const directory = programsDirectory();
  return parts.every((part) => existsSync(join(directory, part))) ? directory : undefined;
}

function programsDirectory(): string {
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum", "main.go"]) hash.update(readFileSync(join(sources, file))).update("\0");
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(cache, "shardgres", `kubernetes-${kubernetesVersion}-${hash.digest("hex").slice(0, 16)}`);
}

/** Returns their directory. Two may build at once: whoever is first puts it in place. */
function build(): string {
  const found = kubernetesPrograms();
  if (found !== undefined) return found;
  const go = findGo();
  const directory = programsDirectory();
  mkdirSync(join(directory, ".."), { recursive: true });
  const unfinished = mkdtempSync(`${directory}.`);
  try {
    const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(kubernetesVersion)!;
    const version = "k8s.io/component-base/version";
    const flags = `-s -w -X ${version}.gitVersion=${kubernetesVersion} -X ${version}.gitMajor=${major} -X ${version}.gitMinor=${minor}`;
    const binary = join(unfinished, "kubernetes");
    const args = ["build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", binary, "."];
    const environment = { ...process.env, CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOFLAGS: "", GOWORK: "off" };
    execFileSync("nice", [go, ...args], { cwd: sources, env: environment, stdio: "inherit" });
    for (const part of parts) symlinkSync("kubernetes", join(unfinished, part));
    if (kubernetesPrograms() === undefined) renameSync(unfinished, directory);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return directory;
}

function findGo(): string {
  const wanted = goNeeded.join(".");
  const found: string[] = [];
  for (const go of ["go", "/usr/local/go/bin/go"]) {
    const { stdout, status } = spawnSync(go, ["env", "GOVERSION"], { encoding: "utf8", cwd: "/" });
    const [, major, minor] = /^go(\d+)\.(\d+)/.exec(stdout ?? "") ?? [];
    if (status !== 0 || major === undefined) continue;
    if (Number(major) > goNeeded[0] || (Number(major) === goNeeded[0] && Number(minor) >= goNeeded[1])) return go;
    found.push(`${go} is ${stdout.trim()}`);
  }
  throw new Error(`Kubernetes is built with Go ${wanted} or newer: ${found.join(", ") || "there is none"}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(`${build()}\n`);
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
