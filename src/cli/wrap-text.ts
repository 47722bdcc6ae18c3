// Words in lines of a terminal: what does not fit goes on below, under where it began.

export interface WrapOptions {
  /** What stands before the first line; those below are indented by as much. */
  readonly start: string;
  readonly columns?: number;
}

/** Breaks at spaces. A word that is longer than a line stands out. */
export function wrapText(text: string, { start, columns = 80 }: WrapOptions): string[] {
  const lines: string[] = [];
  let line = start;
  let isEmpty = true;
  for (const word of text.split(/ +/)) {
    if (!isEmpty && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = " ".repeat(start.length);
      isEmpty = true;
    }
    line = isEmpty ? line + word : `${line} ${word}`;
    isEmpty = false;
  }
  return [...lines, line].map((each) => each.trimEnd());
}
