// One X.509 certificate (RFC 5280), written and signed. The structures come from @peculiar/asn1-x509, keys and signatures
// from Node: ECDSA on P-256 with SHA-256.
import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  Certificate,
  Extension,
  Extensions,
  id_ce_authorityKeyIdentifier,
  id_ce_subjectKeyIdentifier,
  Name,
  RelativeDistinguishedName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from "@peculiar/asn1-x509";
import { assert } from "../base/assert.ts";

export interface CertificateContent {
  readonly subject: Name;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Besides the identifiers of the keys. */
  readonly extensions: readonly Extension[];
}

export interface Signer {
  readonly subject: Name;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const idCommonName = "2.5.4.3";
const idEcdsaWithSha256 = "1.2.840.10045.4.3.2";

/** Returns the certificate as PEM. */
export function signCertificate(content: CertificateContent, signer: Signer): string {
  const algorithm = new AlgorithmIdentifier({ algorithm: idEcdsaWithSha256 });
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: signer.subject,
    validity: new Validity({ notBefore: content.notBefore, notAfter: content.notAfter }),
    subject: content.subject,
    subjectPublicKeyInfo: publicKeyInfo(content.publicKey),
    extensions: new Extensions([
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyIdentifier(content.publicKey))),
      extension(
        id_ce_authorityKeyIdentifier,
        new AuthorityKeyIdentifier({ keyIdentifier: new SubjectKeyIdentifier(keyIdentifier(signer.publicKey)) }),
      ),
      ...content.extensions,
    ]),
  });
  const signature = sign("sha256", Buffer.from(AsnConvert.serialize(tbsCertificate)), signer.privateKey);
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: bufferOf(signature),
  });
  return pem(Buffer.from(AsnConvert.serialize(certificate)));
}

/** `value` is one of the library's structures. */
export function extension(id: string, value: object, { critical = false } = {}): Extension {
  return new Extension({ extnID: id, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

/** From 1 to 64 characters (RFC 5280, ub-common-name). */
export function commonName(text: string): Name {
  assert(text !== "" && [...text].length <= 64, `not a common name: "${text}"`);
  const value = new AttributeValue({ utf8String: text });
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: idCommonName, value })])]);
}

/** The subject of a certificate (DER), to be written as issuer of others exactly as it is there. */
export function subjectOf(der: Buffer): Name {
  return AsnConvert.parse(der, Certificate).tbsCertificate.subject;
}

/** 127 random bits; positive, and never with a leading zero byte. */
function serialNumber(): ArrayBuffer {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bufferOf(bytes);
}

/** RFC 7093, method 1: of the bits of the key. */
function keyIdentifier(key: KeyObject): ArrayBuffer {
  const bits = Buffer.from(publicKeyInfo(key).subjectPublicKey);
  return bufferOf(createHash("sha256").update(bits).digest().subarray(0, 20));
}

function publicKeyInfo(key: KeyObject): SubjectPublicKeyInfo {
  return AsnConvert.parse(key.export({ type: "spki", format: "der" }), SubjectPublicKeyInfo);
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
