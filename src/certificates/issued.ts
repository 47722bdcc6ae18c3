// A certificate with its private key, both as PEM; and how long certificates are valid.

export interface Issued {
  readonly certificate: string;
  /** PKCS #8. A secret. */
  readonly key: string;
}

export interface Lifetime {
  readonly days: number;
  readonly now: Date;
}

const dayMs = 24 * 3_600_000;

/** Begins a day early: the clocks of a cluster need not agree, and one that jumps back locks nobody out. */
export function validity({ days, now }: Lifetime): { notBefore: Date; notAfter: Date } {
  const wholeSeconds = (ms: number) => new Date(Math.floor(ms / 1_000) * 1_000);
  return { notBefore: wholeSeconds(now.getTime() - dayMs), notAfter: wholeSeconds(now.getTime() + days * dayMs) };
}
