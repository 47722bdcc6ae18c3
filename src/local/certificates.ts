// The certificates of a local cluster, in its directory "certificates": made once, and again when they are due. Who may read
// agent.pem can pass for a tablet agent, and who may read admin.pem can switch primaries.
//
//   ca.pem       the authority's certificates: the present one first, then those of before that are still valid
//   ca-key.pem   its key
//   agent.pem    key and certificate of all tablet agents, in one file, so that both change at once
//   admin.pem    the same for who runs the cluster: the launcher, and `shardgres shards`
import { join } from "node:path";
import { type TlsFiles, tlsFilesIn } from "../agent-api/tls-files.ts";
import { delayUnlessAborted } from "../base/delay.ts";
import { readIfThere } from "../base/read-if-there.ts";
import { writeFileWhole } from "../base/write-file.ts";
import type { Holder } from "../certificates/issue.ts";
import type { Issued } from "../certificates/issued.ts";
import { dueReason, renewalReason } from "../certificates/renewal-reason.ts";
import { makeDirectory } from "./data-directory.ts";
import type { ServerUser } from "./server-user.ts";

export interface LocalCertificates {
  readonly agent: TlsFiles;
  readonly admin: TlsFiles;
}

export interface CertificateOptions {
  /** For the name of the authority. */
  readonly clusterId: string;
  /** Who the agents run as. */
  readonly agentUser: ServerUser | undefined;
  /** Who writes the time into certificates. */
  readonly now?: () => Date;
}

const authorityDays = 3_650;
const holderDays = 365;
const lookEveryMs = 6 * 3_600_000;

const holders: Readonly<Record<keyof LocalCertificates, Holder>> = {
  agent: { name: "agent", names: ["localhost"], addresses: ["127.0.0.1", "::1"], purposes: ["server", "client"] },
  admin: { name: "admin", names: [], addresses: [], purposes: ["client"] },
};

export function certificatesDirectory(dataDir: string): string {
  return join(dataDir, "certificates");
}

/** Makes what is missing, of no use, or due. */
export async function ensureCertificates(
  dataDir: string,
  { clusterId, agentUser, now = () => new Date() }: CertificateOptions,
): Promise<LocalCertificates> {
  const directory = certificatesDirectory(dataDir);
  await makeDirectory(directory, undefined, 0o755);
  const authority = await ensureAuthority(directory, `shardgres ${clusterId}`, now());
  const files = { agent: tlsFilesIn(directory, "agent"), admin: tlsFilesIn(directory, "admin") };
  for (const who of ["agent", "admin"] as const) {
    const path = files[who].certificate;
    const text = await readIfThere(path);
    const wanted = { issuedBy: authority.certificate, ...holders[who] };
    if (renewalReason({ certificate: text, key: text }, wanted, now()) === undefined) continue;
    const { issue } = await import("../certificates/issue.ts");
    const { certificate, key } = issue(authority, holders[who], { days: holderDays, now: now() });
    const owner = who === "agent" ? agentUser : undefined;
    await writeFileWhole(path, `${key}${certificate}`, { mode: 0o600, owner });
  }
  return files;
}

/** For as long as the cluster runs. Trouble is told, and it is tried again. */
export async function keepCertificates(
  dataDir: string,
  options: CertificateOptions,
  { signal, onTrouble, everyMs = lookEveryMs }: KeepOptions,
): Promise<void> {
  for (;;) {
    await delayUnlessAborted(everyMs, signal);
    if (signal.aborted) return;
    await ensureCertificates(dataDir, options).catch(onTrouble);
  }
}

export interface KeepOptions {
  readonly signal: AbortSignal;
  readonly onTrouble: (reason: unknown) => void;
  readonly everyMs?: number;
}

async function ensureAuthority(directory: string, name: string, now: Date): Promise<Issued> {
  const [path, keyPath] = [join(directory, "ca.pem"), join(directory, "ca-key.pem")];
  const [before, key] = [await readIfThere(path), await readIfThere(keyPath)];
  const found = { certificate: before && firstOf(before), key };
  const reason = renewalReason(found, { issuedBy: undefined }, now);
  if (reason === undefined) return found as Issued;
  const { makeAuthority } = await import("../certificates/make-authority.ts");
  const made = makeAuthority({ name, days: authorityDays, now });
  // Whoever has not read these files again yet shows a certificate of the authority of before.
  const isGoodYet = reason === dueReason;
  await writeFileWhole(keyPath, made.key, { mode: 0o600 });
  await writeFileWhole(path, `${made.certificate}${isGoodYet ? found.certificate : ""}`, { mode: 0o644 });
  return made;
}

/** The first certificate of several in one text. */
function firstOf(text: string): string {
  const end = "-----END CERTIFICATE-----\n";
  const at = text.indexOf(end);
  return at < 0 ? text : text.slice(0, at + end.length);
}
