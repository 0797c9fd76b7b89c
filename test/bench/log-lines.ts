import type { LocalEvent } from '../../lib/local/cloud/log.ts';
import type { Template } from '../../lib/local/cloud/template.ts';

/** CloudWatch adds this to each line. */
const BYTES_OF_A_LINE = 26;

/** Counts the bytes that functions log. */
export interface LogCounter {
  log(event: LocalEvent): void;
  reset(): void;
  /** Only of the functions whose logical id matches. */
  bytesOf(which: RegExp): number;
}

/** Makes a counter; its `log` is for the local cloud. */
export function createLogCounter(): LogCounter {
  const bytes = new Map<string, number>();
  return {
    log: (event) => {
      if (event.kind !== 'output') return;
      const { functionName, line } = event;
      bytes.set(functionName, (bytes.get(functionName) ?? 0) + Buffer.byteLength(line) + BYTES_OF_A_LINE);
    },
    reset: () => bytes.clear(),
    bytesOf: (which) => [...bytes].reduce((sum, [name, some]) => (which.test(name) ? sum + some : sum), 0),
  };
}

const requestId = '8f5a0d7e-0000-4000-8000-000000000000';
const time = '2026-11-21T22:49:12.123Z';
/** The lines of Lambda itself about an invocation that ends well, at the level INFO. */
const platformLines = [
  { time, type: 'platform.start', record: { requestId, version: '$LATEST' } },
  {
    time,
    type: 'platform.report',
    record: {
      requestId,
      metrics: { durationMs: 32.345, billedDurationMs: 33, memorySizeMB: 512, maxMemoryUsedMB: 120 },
      status: 'success',
    },
  },
];

/** What Lambda logs about each invocation with the log levels of this template; they are the same for all functions. */
export function platformBytes({ Resources }: Template): number {
  const levels = Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::Lambda::Function')
    .map(
      ({ Properties }) =>
        (Properties?.LoggingConfig as { SystemLogLevel?: string } | undefined)?.SystemLogLevel ?? 'INFO',
    );
  if (levels.every((level) => level === 'WARN')) return 0;
  return platformLines.reduce((sum, line) => sum + JSON.stringify(line).length + BYTES_OF_A_LINE, 0);
}

/** How long the values of the access log are; other fields are numbers of up to three digits. */
const accessLogValues: Readonly<Record<string, string>> = {
  requestId: 'Ab1cDeFgIAMEPpg=',
  requestTime: '21/Nov/2026:22:49:12 +0000',
  'identity.sourceIp': '203.0.113.250',
  httpMethod: 'POST',
  'error.message': '-',
  integrationErrorMessage: '-',
};

/** What API Gateway logs about one request. */
export function accessLogBytes({ Resources }: Template): number {
  const stage = Object.values(Resources).find(({ Type }) => Type === 'AWS::ApiGatewayV2::Stage');
  const settings = stage?.Properties?.AccessLogSettings as { Format?: string } | undefined;
  if (!settings?.Format) return 0;
  const line = settings.Format.replace(/\$context\.([\w.]+)/g, (_, name: string) => accessLogValues[name] ?? '123');
  return line.length + BYTES_OF_A_LINE;
}
