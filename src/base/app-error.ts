// Wrong world: something outside this process failed. `retry` says what a caller may do about it.

export interface AppErrorOptions {
  /** "safe": nothing has been sent, so it may be tried again at once. */
  readonly retry?: "safe" | "after-failover" | "never";
  /** What the person who reads the message can do next. */
  readonly hint?: string;
  readonly cause?: unknown;
}

export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: string;
  readonly retry: "safe" | "after-failover" | "never";
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retry = options.retry ?? "never";
    this.hint = options.hint;
  }
}
