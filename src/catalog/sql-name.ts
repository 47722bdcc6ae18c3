// Names and texts as SQL and as messages show them. (The sql room does more, but stands below this one.)

/** "schema"."name", always quoted. */
export function sqlName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${sqlIdentifier(schema)}.${sqlIdentifier(name)}`;
}

/** A text as SQL, whatever standard_conforming_strings is. The blank keeps the E apart from a name before it. */
export function sqlText(text: string): string {
  return ` E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

/** schema.name as messages have it. */
export function plainName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`;
}

/** schema.name as regclass reads it, quoted only where it must be: for messages whose SQL can be copied. */
export function readableName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return [schema, name].map((part) => (/^[a-z_][a-z0-9_]*$/.test(part) ? part : sqlIdentifier(part))).join(".");
}

/** "name", always quoted. */
export function sqlIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
