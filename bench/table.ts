/** What was measured for one tool in one scenario. */
export interface Figure {
  readonly scenario: string;
  readonly tool: string;
  readonly samplesMs: readonly number[];
  readonly medianMs: number;
  readonly spreadMs: number;
  readonly leastMs: number;
  readonly peakMiB?: number;
}

/**
 * A table for people: a row for each scenario, medians in milliseconds, and in brackets qik's median as a
 * multiple of the rival's (below 1: qik is faster).
 */
export function tableText(figures: readonly Figure[]): string {
  const tools = [...new Set(figures.map(({ tool }) => tool))];
  const scenarios = [...new Set(figures.map(({ scenario }) => scenario))];
  const find = (scenario: string, tool: string) =>
    figures.find((each) => each.scenario === scenario && each.tool === tool);
  const rows = scenarios.map((scenario) => {
    const own = find(scenario, "qik");
    return [scenario, ...tools.map((tool) => cellText(find(scenario, tool), own))];
  });
  const memory = (tool: string) => {
    const peaks = figures.filter((each) => each.tool === tool).flatMap(({ peakMiB }) =>
      peakMiB ?? []
    );
    return peaks.length === 0 ? "-" : `${Math.max(...peaks).toFixed(0)} MiB`;
  };
  return aligned([["", ...tools], ...rows, ["peak memory", ...tools.map(memory)]]);
}

function cellText(figure: Figure | undefined, own: Figure | undefined): string {
  if (figure === undefined) return "-";
  const ms = milliseconds(figure.medianMs);
  if (own === undefined || figure.tool === "qik") return ms;
  return `${ms} (${(own.medianMs / figure.medianMs).toFixed(2)}×)`;
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, at) => at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)).join(
      "  ",
    );
  return rows.map((row) => line(row).trimEnd() + "\n").join("");
}
