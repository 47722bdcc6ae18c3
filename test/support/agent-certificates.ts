// Certificates of a cluster, in files, for tests of the tablet agents' API.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TlsFiles } from "../../src/agent-api/tls-files.ts";
import { type Holder, issue } from "../../src/certificates/issue.ts";
import type { Issued } from "../../src/certificates/issued.ts";
import { makeAuthority } from "../../src/certificates/make-authority.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

export interface AgentCertificates {
  readonly authority: Issued;
  readonly directory: string;
  /** For 127.0.0.1, as server and client. */
  readonly agent: TlsFiles;
  readonly admin: TlsFiles;
  /** Writes the certificate of one more, issued by this authority or another one. */
  make(
    file: string,
    holder: Partial<Holder>,
    more?: { authority?: Issued; days?: number; now?: Date },
  ): Promise<TlsFiles>;
}

export async function agentCertificates(): Promise<AgentCertificates> {
  const directory = await temporaryDirectory();
  const authority = makeAuthority({ name: "shardgres test", days: 30, now: new Date() });
  const authorityFile = join(directory, "ca.pem");
  await writeFile(authorityFile, authority.certificate);
  const make: AgentCertificates["make"] = async (file, holder, more = {}) => {
    const purposes = ["server", "client"] as const;
    const whole = { name: "agent", names: [], addresses: ["127.0.0.1"], purposes, ...holder };
    const lifetime = { days: more.days ?? 10, now: more.now ?? new Date() };
    const { certificate, key } = issue(more.authority ?? authority, whole, lifetime);
    const path = join(directory, `${file}.pem`);
    await writeFile(path, `${key}${certificate}`);
    return { authority: authorityFile, certificate: path, key: path };
  };
  const agent = await make("agent", {});
  const admin = await make("admin", { name: "admin", purposes: ["client"], addresses: [] });
  return { authority, directory, agent, admin, make };
}
