// How long recovery took, by fault: printed at the end of a run.
interface Report {
  readonly recoveredMs: number;
  /** undefined: no gateway took part. */
  readonly servingMs?: number;
  readonly isCommitted: boolean;
}

export class RecoveryTimes {
  #reports = new Map<string, Report[]>();

  add(fault: string, report: Report): void {
    const reports = this.#reports.get(fault) ?? [];
    this.#reports.set(fault, reports);
    reports.push(report);
  }

  print(): void {
    const lines = [...this.#reports].map(([fault, reports]) => {
      const recovered = spread(reports.map(({ recoveredMs }) => recoveredMs));
      const serving = spread(reports.flatMap(({ servingMs }) => servingMs ?? []));
      const committed = reports.filter(({ isCommitted }) => isCommitted).length;
      return `${String(reports.length).padStart(5)} ${recovered} ${serving} ${String(committed).padStart(9)}  ${fault}`;
    });
    const header = "cases  shards agree p50/max  gateway serves p50/max  committed  fault (ms)";
    process.stdout.write(`${[header, ...lines].join("\n")}\n`);
  }
}

function spread(values: readonly number[]): string {
  if (values.length === 0) return "-".padStart(22);
  const sorted = values.toSorted((a, b) => a - b);
  const [median, max] = [sorted[sorted.length >> 1]!, sorted.at(-1)!];
  return `${Math.round(median)} / ${Math.round(max)}`.padStart(22);
}
