/** An event of the local cloud, for terminals, tests and benchmarks. */
export type LocalEvent =
  | { kind: 'output'; functionName: string; instanceId: string; stream: 'stdout' | 'stderr'; line: string }
  | { kind: 'cold-start'; functionName: string; instanceId: string; initMs: number }
  | { kind: 'invocation-failed'; functionName: string; requestId: string; errorType: string; errorMessage: string }
  | { kind: 'event-dropped'; functionName: string; attempts: number }
  | { kind: 'request'; method: string; path: string; status: number; durationMs: number }
  | { kind: 'denied'; functionName: string; action: string; resource: string; reason: string }
  | { kind: 'rejected'; functionName: string; service: string; action: string; status: number; message: string }
  | { kind: 'fault'; functionName: string; service: string; action: string; effect: string; when: string }
  | { kind: 'emulator-error'; service: string; action: string; error: unknown }
  | { kind: 'created'; logicalId: string; type: string; ref: string }
  | { kind: 'no-local-behaviour'; logicalId: string; type: string }
  | { kind: 'skipped'; logicalId: string; type: string; reason: string }
  | { kind: 'override'; logicalId: string; property: string; template: string; local: string };

/** Receives every event of a local cloud; must not throw. */
export type LocalLog = (event: LocalEvent) => void;

const formatters: { [K in LocalEvent['kind']]: (event: Extract<LocalEvent, { kind: K }>) => string } = {
  output: (e) => `[${e.functionName}] ${shortened(e.line)}`,
  'cold-start': (e) => `[${e.functionName}] cold start ${e.instanceId}: init ${e.initMs.toFixed(0)} ms`,
  'invocation-failed': (e) => `[${e.functionName}] ${e.requestId} failed: ${e.errorType}: ${e.errorMessage}`,
  'event-dropped': (e) => `[${e.functionName}] asynchronous event dropped after ${e.attempts} attempts`,
  request: (e) => `${e.method} ${e.path} → ${e.status} in ${e.durationMs.toFixed(1)} ms`,
  denied: (e) => `ACCESS DENIED [${e.functionName}] ${e.action} on ${e.resource}: ${e.reason}`,
  rejected: (e) => `[${e.functionName}] ${e.service} ${e.action} → ${e.status} ${e.message}`,
  fault: (e) => `fault injected: ${e.effect} ${e.when} ${e.service} ${e.action} of ${e.functionName}`,
  'emulator-error': (e) => `emulator of ${e.service} broke in ${e.action}: ${describeError(e.error)}`,
  created: (e) => `created ${e.type} ${e.logicalId} → ${e.ref}`,
  'no-local-behaviour': (e) => `no local behaviour: ${e.type} ${e.logicalId}`,
  skipped: (e) => `skipped ${e.type} ${e.logicalId}: ${e.reason}`,
  override: (e) => `override: ${e.logicalId}.${e.property} is ${e.local} here, ${e.template} in the template`,
};

function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Formats metrics for people; any other line stays as it is. */
function shortened(line: string): string {
  if (!line.startsWith('{"_aws":')) return line;
  const { _aws, Deployment, ...values } = JSON.parse(line) as Record<string, unknown>;
  return `metrics: ${Object.entries(values)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ')}`;
}

/** One line for a terminal. */
export function formatEvent(event: LocalEvent): string {
  const format = formatters[event.kind] as (event: LocalEvent) => string;
  return format(event);
}
