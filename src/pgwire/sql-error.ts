// The one kind of error that a client sees: the fields of PostgreSQL's ErrorResponse.
// Manual: "Error and Notice Message Fields" (protocol-error-fields).

export interface SqlErrorFields {
  readonly severity?: "ERROR" | "FATAL" | "PANIC";
  /** SQLSTATE, five characters. */
  readonly code: string;
  readonly message: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  /** Index of the character, from 1, in the text that the client sent. */
  readonly position?: number | undefined;
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  readonly column?: string | undefined;
  readonly constraint?: string | undefined;
}

export class SqlError extends Error {
  override readonly name = "SqlError";
  readonly fields: SqlErrorFields;

  constructor(fields: SqlErrorFields) {
    super(fields.message);
    this.fields = fields;
  }
}
