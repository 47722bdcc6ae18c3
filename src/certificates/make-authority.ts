// A certificate authority of its own for each cluster: whoever has a certificate of it belongs to the cluster.
import { generateKeyPairSync } from "node:crypto";
import { BasicConstraints, id_ce_basicConstraints, id_ce_keyUsage, KeyUsage, KeyUsageFlags } from "@peculiar/asn1-x509";
import { type Issued, type Lifetime, validity } from "./issued.ts";
import { commonName, extension, signCertificate } from "./sign-certificate.ts";

export interface AuthorityOptions extends Lifetime {
  /** For people: it need not be unique. */
  readonly name: string;
}

/** It signs certificates of those who use them, not of other authorities. */
export function makeAuthority({ name, ...lifetime }: AuthorityOptions): Issued {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const subject = commonName(name);
  const extensions = [
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 }), { critical: true }),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign), { critical: true }),
  ];
  const certificate = signCertificate(
    { subject, publicKey, extensions, ...validity(lifetime) },
    { subject, privateKey, publicKey },
  );
  return { certificate, key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}
