// Whether a certificate is to be replaced, and why. Pure.
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Holder } from "./issue.ts";

export interface WantedCertificate {
  /** undefined: it is to be an authority itself. */
  readonly issuedBy: string | undefined;
  readonly names?: Holder["names"];
  readonly addresses?: Holder["addresses"];
}

/** It is still good, but not for long. */
export const dueReason = "it will run out";

/**
 * undefined: it is good for a while. A third of its life before its end it is due, so that there is time to notice that
 * renewing it fails. `certificate` and `key` are PEM, or undefined for what is not there.
 */
export function renewalReason(
  { certificate, key }: { readonly certificate: string | undefined; readonly key: string | undefined },
  { issuedBy, names = [], addresses = [] }: WantedCertificate,
  now: Date,
): string | undefined {
  if (certificate === undefined) return "there is none";
  const found = parsed(() => new X509Certificate(certificate));
  if (!found) return "it cannot be read";
  const privateKey = key === undefined ? undefined : parsed(() => createPrivateKey(key));
  if (!privateKey || !found.checkPrivateKey(privateKey)) return "its key is not there";
  const issuer = issuedBy === undefined ? found : new X509Certificate(issuedBy);
  if (found.ca !== (issuedBy === undefined)) return found.ca ? "it is an authority's" : "it is not an authority's";
  if (!found.checkIssued(issuer) || !found.verify(issuer.publicKey)) return "another authority has issued it";
  const missing = [
    ...names.filter((name) => found.checkHost(name, { subject: "never" }) === undefined),
    ...addresses.filter((address) => found.checkIP(address) === undefined),
  ];
  if (missing.length > 0) return `it is not for ${missing.join(", ")}`;
  const [from, to] = [found.validFromDate.getTime(), found.validToDate.getTime()];
  if (now.getTime() < from) return "it is not valid yet";
  if (now.getTime() >= to) return "it has run out";
  return now.getTime() >= from + (2 * (to - from)) / 3 ? dueReason : undefined;
}

function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
