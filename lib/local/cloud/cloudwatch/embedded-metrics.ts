import type { LocalLog } from '../log.ts';
import type { Metrics } from './metrics.ts';

type Directive = { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] };
type EmbeddedLine = { _aws: { Timestamp: number; CloudWatchMetrics: Directive[] } } & Record<string, unknown>;

/** A log that also puts the metrics in the output of functions, which are in CloudWatch's embedded metric format, into a store. */
export function collectMetrics(metrics: Metrics, log: LocalLog): LocalLog {
  return (event) => {
    if (event.kind === 'output' && event.line.startsWith('{"_aws":')) putLine(metrics, event.line);
    log(event);
  };
}

function putLine(metrics: Metrics, text: string): void {
  const line = parse(text);
  if (!line) return;
  const { Timestamp, CloudWatchMetrics } = line._aws;
  for (const { Namespace: namespace, Dimensions, Metrics: named } of CloudWatchMetrics)
    for (const names of Dimensions) {
      const dimensions = Object.fromEntries(names.map((name) => [name, String(line[name])]));
      for (const { Name: name } of named)
        metrics.put({ namespace, name, dimensions }, [line[name]].flat().map(Number), Timestamp);
    }
}

/** Undefined for a line that only begins like one, such as one that was cut. */
function parse(text: string): EmbeddedLine | undefined {
  try {
    const line = JSON.parse(text) as Partial<EmbeddedLine>;
    return Array.isArray(line._aws?.CloudWatchMetrics) ? (line as EmbeddedLine) : undefined;
  } catch {
    return undefined;
  }
}
