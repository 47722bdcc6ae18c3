// A table for a terminal of 80 columns: medians over the rounds; a ratio is the median of the rounds' own ratios.
import { median } from "../summary.ts";

export interface Column<Result> {
  readonly heading: string;
  /** undefined: the cell stays empty. `round` counts from 0; `name` is the contestant's. */
  readonly value: (result: Result, round: number, name: string) => number | undefined;
  readonly digits: number;
  /** The sum instead of the median: for what must never happen. */
  readonly isSum?: boolean;
}

const [nameWidth, width] = [26, 9];

export function printTable<Result>(
  title: string,
  results: ReadonlyMap<string, readonly Result[]>,
  columns: readonly Column<Result>[],
): void {
  console.log(`\n${title}`);
  console.log("".padEnd(nameWidth) + columns.map(({ heading }) => heading.padStart(width)).join(""));
  for (const [name, runs] of results) {
    const cells = columns.map(({ value, digits, isSum }) => {
      const values = runs.map((run, round) => value(run, round, name)).filter((one) => one !== undefined);
      if (values.length === 0) return "".padStart(width);
      const one = isSum === true ? values.reduce((a, b) => a + b, 0) : median(values);
      return one.toFixed(digits).padStart(width);
    });
    console.log((name.padEnd(nameWidth) + cells.join("")).trimEnd());
  }
}
