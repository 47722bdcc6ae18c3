// What a client sees when it has sent something: everything between its message and ReadyForQuery, as plain data that two
// servers can be compared by. Values that belong to one server only (object ids of tables) are left out.

export interface AnswerField {
  readonly name: string;
  readonly typeOid: number;
  readonly typeModifier: number;
  readonly format: number;
}

/** One statement's part of an answer. */
export interface Result {
  fields?: readonly AnswerField[];
  /** Text, or "\x" and hexadecimal digits of a binary value; null is SQL NULL. */
  readonly rows: (string | null)[][];
  /** Lines of COPY .. TO STDOUT. */
  readonly copied: string[];
  /** Format and number of columns of a CopyInResponse or CopyOutResponse. */
  copy?: string;
  /** CommandComplete; "" for an empty query. */
  tag?: string;
  /** By the names of `errorFieldNames`. */
  error?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly results: readonly Result[];
  /** ParameterDescription. */
  readonly parameterTypes: readonly number[] | undefined;
  readonly notices: readonly Readonly<Record<string, string>>[];
  /** ParameterStatus: what the server says has changed, "name=value". */
  readonly settings: readonly string[];
  /** NotificationResponse, "channel:payload". */
  readonly notifications: readonly string[];
  /** Of ReadyForQuery: I, T or E. */
  readonly status: string;
}

/** Letters of ErrorResponse fields that are compared. File, line and routine are not: they name PostgreSQL's source. */
export const errorFieldNames: ReadonlyMap<string, string> = new Map([
  ["V", "severity"],
  ["C", "code"],
  ["M", "message"],
  ["D", "detail"],
  ["H", "hint"],
  ["P", "position"],
  ["p", "internalPosition"],
  ["q", "internalQuery"],
  ["W", "where"],
  ["s", "schema"],
  ["t", "table"],
  ["c", "column"],
  ["d", "type"],
  ["n", "constraint"],
]);
