import type { RunError } from './run.ts';

/** Thrown by a task: the next attempt comes after these seconds (at most 7 days), if the policy has one left. */
export class RetryAfter extends Error {
  override readonly name = 'RetryAfter';
  readonly seconds: number;

  constructor(seconds: number, message = `to be tried again after ${seconds} s`, options?: ErrorOptions) {
    super(message, options);
    this.seconds = seconds;
  }
}

/** Thrown by a task: the run fails now, whatever its retry policy says. */
export class DoNotRetry extends Error {
  override readonly name = 'DoNotRetry';
}

/** An error that ends an attempt, as one of Sendoff's own. */
export class RunFault extends Error {
  readonly code: RunError['code'];
  /** True when another attempt would end the same way. */
  readonly isFinal: boolean;

  constructor(code: RunError['code'], message: string, { isFinal = false } = {}) {
    super(message);
    this.code = code;
    this.isFinal = isFinal;
  }
}

/** A failed attempt, and what the error asks for. */
export interface Failure {
  readonly error: RunError;
  /** No further attempt. */
  readonly isFinal: boolean;
  readonly retryAfterSeconds?: number;
}

const MOST_STACK_BYTES = 4 * 1024;
const MOST_MESSAGE = 1_000;

/** An error of a task as it is kept. Known by name and not by class: a bundle may hold several copies of this file. */
export function failureOf(thrown: unknown, redact: (text: string) => string): Failure {
  const { name, message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = thrown instanceof RunFault ? thrown.code : 'error';
  const own = thrown instanceof RunFault;
  const error: RunError = {
    code,
    message: redact(message).slice(0, MOST_MESSAGE),
    ...(own || !stack ? {} : { stack: redact(stack).slice(0, MOST_STACK_BYTES) }),
  };
  const seconds = name === 'RetryAfter' && thrown instanceof Error && 'seconds' in thrown ? thrown.seconds : undefined;
  const retryAfter = typeof seconds === 'number' && seconds >= 0 ? { retryAfterSeconds: seconds } : {};
  return { error, isFinal: own ? thrown.isFinal : name === 'DoNotRetry', ...retryAfter };
}

const SECRET_NAME = /secret|token|passw|credential|private|api_?key|access_?key|auth|dsn|_url$/i;
const LEAST_SECRET = 8;

/** Makes a function that replaces the values of variables whose names sound secret, and passwords in URLs. */
export function createRedact(env: Readonly<Record<string, string | undefined>>): (text: string) => string {
  const secrets = Object.entries(env)
    .flatMap(([name, value]) => (value && value.length >= LEAST_SECRET && SECRET_NAME.test(name) ? [value] : []))
    .sort((a, b) => b.length - a.length);
  return (text) =>
    secrets
      .reduce((cleaned, secret) => cleaned.replaceAll(secret, '***'), text)
      .replaceAll(/(:\/\/[^\s:/@]*:)[^\s@/]+@/g, '$1***@');
}
