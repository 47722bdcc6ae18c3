// The files that say who somebody is, and whom he believes. They may change at any time: certificates are renewed while
// everything runs. One file may hold a certificate and its key, so that both change at once.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../base/app-error.ts";
import { describeError } from "../base/describe-error.ts";
import type { Caller } from "./callers.ts";

export interface TlsFiles {
  /** Certificates of the cluster's authority, PEM. More than one while it is being replaced. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Those of one caller in a directory of certificates, as `shardgres local` makes it. They need not be there. */
export function tlsFilesIn(directory: string, who: Caller): TlsFiles {
  const own = join(directory, `${who}.pem`);
  return { authority: join(directory, "ca.pem"), certificate: own, key: own };
}

/** As node:tls wants it. */
export interface TlsIdentity {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Throws AppError "no-certificate" when they cannot be read, or do not belong together. */
export async function readTlsFiles(files: TlsFiles): Promise<TlsIdentity> {
  try {
    const [ca, cert, key] = await Promise.all(pathsOf(files).map((path) => readFile(path, "utf8")));
    const isPair = new X509Certificate(cert!).checkPrivateKey(createPrivateKey(key!));
    if (!isPair) throw new AppError("no-certificate", `${files.key} is not the key of ${files.certificate}`);
    new X509Certificate(ca!);
    return { ca: ca!, cert: cert!, key: key! };
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const message = `the certificate in ${files.certificate} cannot be used: ${describeError(cause).message}`;
    throw new AppError("no-certificate", message, { cause });
  }
}

/** Changes when one of the files does. Throws when one is not there. */
export async function tlsFilesVersion(files: TlsFiles): Promise<string> {
  const found = await Promise.all(pathsOf(files).map((path) => stat(path, { bigint: true })));
  return found.map(({ dev, ino, size, mtimeNs }) => [dev, ino, size, mtimeNs].join(" ")).join(", ");
}

function pathsOf({ authority, certificate, key }: TlsFiles): string[] {
  return [authority, certificate, key];
}
