// A certificate for somebody who belongs to the cluster: a server, a client, or both.
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import {
  BasicConstraints,
  ExtendedKeyUsage,
  GeneralName,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyUsage,
  KeyUsageFlags,
  SubjectAlternativeName,
} from "@peculiar/asn1-x509";
import { assert } from "../base/assert.ts";
import { type Issued, type Lifetime, validity } from "./issued.ts";
import { commonName, extension, signCertificate, subjectOf } from "./sign-certificate.ts";

export interface Holder {
  /** The certificate's common name: who it is, as servers see it. */
  readonly name: string;
  /** Names in DNS under which it is reached as a server; `*.` may stand in front. */
  readonly names: readonly string[];
  /** IPv4 and IPv6 addresses under which it is reached. */
  readonly addresses: readonly string[];
  /** What it may be used for. */
  readonly purposes: readonly ("server" | "client")[];
}

const dnsName = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** With a new key. The authority's certificate and key belong together. */
export function issue(authority: Issued, holder: Holder, lifetime: Lifetime): Issued {
  const { name, names, addresses, purposes } = holder;
  for (const each of names) assert(dnsName.test(each) && isIP(each) === 0, `not a name in DNS: ${each}`);
  for (const each of addresses) assert(isIP(each) !== 0, `not an IP address: ${each}`);
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const alternatives = [
    ...names.map((each) => new GeneralName({ dNSName: each })),
    ...addresses.map((each) => new GeneralName({ iPAddress: each })),
  ];
  const usage = purposes.map((purpose) => (purpose === "server" ? id_kp_serverAuth : id_kp_clientAuth));
  const extensions = [
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: false }), { critical: true }),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), { critical: true }),
    extension(id_ce_extKeyUsage, new ExtendedKeyUsage(usage)),
    ...(alternatives.length > 0 ? [extension(id_ce_subjectAltName, new SubjectAlternativeName(alternatives))] : []),
  ];
  const issuer = new X509Certificate(authority.certificate);
  const signer = {
    subject: subjectOf(issuer.raw),
    privateKey: createPrivateKey(authority.key),
    publicKey: createPublicKey(authority.certificate),
  };
  const { notBefore, notAfter } = validity(lifetime);
  const end = new Date(Math.min(notAfter.getTime(), issuer.validToDate.getTime()));
  const content = { subject: commonName(name), publicKey, extensions, notBefore, notAfter: end };
  return {
    certificate: signCertificate(content, signer),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}
