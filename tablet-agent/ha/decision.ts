// What an agent does next. Each decision says why in a sentence, and that sentence is the line in the log.

export type Decision = { readonly reason: string } & (
  | { readonly kind: "wait" }
  /** Renews it when it is the own one. */
  | { readonly kind: "try-lease" }
  | { readonly kind: "release-lease" }
  /** PostgreSQL is shut down immediately; it is started again by a later decision. */
  | { readonly kind: "stop-primary" }
  /** Starts without a primary to follow, read-only. */
  | { readonly kind: "start-standby" }
  /** Also for a stopped PostgreSQL that was primary of this term: then it is just started. */
  | { readonly kind: "promote"; readonly term: number }
  /** The term is written to the own disk before WAL is received; data that the primary does not have is rewound. */
  | { readonly kind: "follow"; readonly primary: string; readonly term: number }
  /** The own pledge first, then the others are asked for theirs. */
  | { readonly kind: "ask-pledges"; readonly term: number }
  /** Compare-and-swap of primary and term. The lease is released when that is another tablet. */
  | { readonly kind: "name-primary"; readonly primary: string; readonly term: number; readonly version: number }
);
