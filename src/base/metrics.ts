// Numbers about a running process in Prometheus' text format, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/). Whoever has the numbers keeps them: metrics are made
// when somebody asks.

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metric {
  /** In base units, unit last; a counter's name ends in `_total`. */
  readonly name: string;
  readonly kind: "counter" | "gauge";
  /** One sentence. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

export const metricsContentType = "text/plain; version=0.0.4; charset=utf-8";

export function metricsText(metrics: readonly Metric[]): string {
  return metrics
    .map(({ name, kind, help, samples }) => {
      const about = `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${kind}\n`;
      return about + samples.map(({ labels, value }) => `${name}${labelsText(labels)} ${numberText(value)}\n`).join("");
    })
    .join("");
}

function labelsText(labels: Sample["labels"] = {}): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

/** As Go's ParseFloat reads it. */
function numberText(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}
