// The code of an error of the operating system ("ENOENT", "EACCES", ...), or of an AppError.

/** undefined: it has none. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
