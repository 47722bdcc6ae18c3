// A real kube-apiserver with its etcd, on 127.0.0.1 in a temporary directory: what the topology in Kubernetes is tested
// on. There are no nodes and no controllers: ConfigMaps, Leases and permissions need none.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { issue } from "../../src/certificates/issue.ts";
import { makeAuthority } from "../../src/certificates/make-authority.ts";
import { freePorts } from "./free-ports.ts";
import { kubernetesPrograms } from "./kubernetes-binary.ts";
import { type ServerProcess, startServer } from "./server-process.ts";

export interface ControlPlane {
  /** "https://127.0.0.1:PORT" */
  readonly server: string;
  /** PEM, in a file. */
  readonly authorityFile: string;
  readonly apiServer: ServerProcess;
  readonly etcd: ServerProcess;
  /** May do everything. */
  readonly admin: User;
  readonly etcdUrl: string;
  /** For files of the test. */
  readonly directory: string;
  /** Restarts the API server with these users, besides the admin, and these arguments added. */
  restartApiServer(options: ApiServerOptions): Promise<void>;
  /** Writes a kubeconfig file for a user, and returns its path. Other users of this machine can read it. */
  kubeconfig(user: User, namespace?: string): string;
  /** A call as the admin; `body` is sent as JSON. Throws if it is refused. */
  call(method: string, path: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

export interface User {
  readonly name: string;
  readonly token: string;
}

export interface ApiServerOptions {
  readonly users?: readonly User[];
  readonly args?: readonly string[];
}

const host = "127.0.0.1";

export async function startControlPlane(options: ApiServerOptions = {}): Promise<ControlPlane> {
  const programs = kubernetesPrograms();
  if (programs === undefined)
    throw new Error("Kubernetes has not been built: node test/kubernetes/kubernetes-binary.ts");
  const directory = mkdtempSync(join(tmpdir(), "shardgres-kubernetes-"));
  chmodSync(directory, 0o755);
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  const path = (name: string) => join(directory, name);
  const [etcdPort = 0, peerPort = 0, port = 0] = await freePorts(3);
  const [etcdUrl, peerUrl, server] = [
    `http://${host}:${etcdPort}`,
    `http://${host}:${peerPort}`,
    `https://${host}:${port}`,
  ];
  const admin = { name: "admin", token: randomUUID() };
  const authority = writeCertificates(path);

  const writeTokens = (users: readonly User[]) => {
    const lines = users.map(({ name, token }) => `${token},${name},${name}`);
    const all = [`${admin.token},${admin.name},${admin.name},system:masters`, ...lines];
    writeFileSync(path("tokens.csv"), `${all.join("\n")}\n`, { mode: 0o600 });
  };
  const apiServerArgs = (more: readonly string[]) => [
    `--etcd-servers=${etcdUrl}`,
    `--bind-address=${host}`,
    `--advertise-address=${host}`,
    `--secure-port=${port}`,
    `--tls-cert-file=${path("server.crt")}`,
    `--tls-private-key-file=${path("server.key")}`,
    `--client-ca-file=${path("ca.crt")}`,
    `--token-auth-file=${path("tokens.csv")}`,
    `--cert-dir=${path("apiserver")}`,
    "--authorization-mode=RBAC",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${path("service-accounts.pub")}`,
    `--service-account-signing-key-file=${path("service-accounts.key")}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    "--shutdown-delay-duration=0s",
    ...more,
  ];
  const call = (method: string, where: string, body?: unknown) =>
    callAs(admin, { server, authority, method, path: where, body });

  const running: ServerProcess[] = [];
  const stop = async () => {
    for (const each of running.toReversed()) await each.stop();
    remove();
  };
  try {
    const etcd = await startServer({
      program: join(programs, "etcd"),
      args: [
        `--data-dir=${path("etcd")}`,
        "--unsafe-no-fsync",
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--initial-cluster=default=${peerUrl}`,
      ],
      logFile: path("etcd.log"),
      isReady: async () => (await answerOf(httpRequest(`${etcdUrl}/health`))).status === 200,
    });
    running.push(etcd);
    writeTokens(options.users ?? []);
    const apiServer = await startServer({
      program: join(programs, "kube-apiserver"),
      args: apiServerArgs(options.args ?? []),
      logFile: path("kube-apiserver.log"),
      isReady: async () => (await call("GET", "/readyz")) === "ok",
    });
    running.push(apiServer);
    return {
      server,
      etcdUrl,
      authorityFile: path("ca.crt"),
      apiServer,
      etcd,
      admin,
      directory,
      call,
      stop,
      async restartApiServer({ users = [], args = [] }) {
        writeTokens(users);
        await apiServer.restart(apiServerArgs(args));
      },
      kubeconfig(user, namespace = "default") {
        const file = path(`kubeconfig-${user.name}-${namespace}`);
        writeFileSync(file, kubeconfigText(server, path("ca.crt"), { token: user.token }, namespace));
        return file;
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As kubectl reads it (JSON is YAML). */
export function kubeconfigText(server: string, authorityFile: string, user: object, namespace: string): string {
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "test", cluster: { server, "certificate-authority": authorityFile } }],
      users: [{ name: "user", user }],
      contexts: [{ name: "test", context: { cluster: "test", user: "user", namespace } }],
      "current-context": "test",
    },
    null,
    2,
  )}\n`;
}

/** Returns the authority's certificate. */
function writeCertificates(path: (name: string) => string): string {
  const lifetime = { days: 30, now: new Date() };
  const authority = makeAuthority({ name: "kubernetes-for-tests", ...lifetime });
  const names = ["localhost", "kubernetes", "kubernetes.default.svc"];
  const holder = { name: "kube-apiserver", names, addresses: [host, "10.96.0.1"], purposes: ["server"] } as const;
  const server = issue(authority, holder, lifetime);
  const accounts = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const write = (name: string, text: string) => writeFileSync(path(name), text, { mode: 0o600 });
  mkdirSync(path("apiserver"));
  writeFileSync(path("ca.crt"), authority.certificate);
  write("server.crt", server.certificate);
  write("server.key", server.key);
  write("service-accounts.key", accounts.privateKey);
  write("service-accounts.pub", accounts.publicKey);
  return authority.certificate;
}

interface Call {
  readonly server: string;
  readonly authority: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

async function callAs(user: User, { server, authority, method, path, body }: Call): Promise<unknown> {
  const headers = { Authorization: `Bearer ${user.token}`, "Content-Type": "application/json" };
  const request = httpsRequest(server + path, { ca: authority, method, headers, agent: false });
  const { status, text } = await answerOf(request, body === undefined ? undefined : JSON.stringify(body));
  if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${text}`);
  return text.startsWith("{") ? JSON.parse(text) : text;
}

async function answerOf(
  request: ReturnType<typeof httpRequest>,
  body?: string,
): Promise<{ status: number; text: string }> {
  request.setTimeout(5_000, () => request.destroy(new Error("no answer")));
  return await new Promise((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.end(body);
  });
}
