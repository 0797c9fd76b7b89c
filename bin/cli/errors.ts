import { SendoffError } from '../../functions/core/errors.ts';

/** The exit codes of the process; documented in `sendoff --help`. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, notFound: 3, problemsFound: 4, interrupted: 130 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends a command: one line that says what is wrong and what to do next, and the exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = exitCodes.failed, options: { cause?: unknown } = {}) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The command was not given what it needs. */
export const usageError = (message: string): CliError => new CliError(message, exitCodes.usage);

/** The command names something that does not exist. */
export const notFoundError = (message: string, cause?: unknown): CliError =>
  new CliError(message, exitCodes.notFound, { cause });

/** One line that says what went wrong, and the exit code. */
export interface Failure {
  readonly line: string;
  readonly exitCode: ExitCode;
}

/** True for an error with one of these names, by which AWS tells its errors apart. */
export function names(error: unknown, ...wanted: readonly string[]): boolean {
  return error instanceof Error && wanted.includes(error.name);
}

/** Turns anything thrown into the one line that a person is shown, with what to do next. */
export function explain(error: unknown): Failure {
  if (error instanceof CliError) return { line: error.message, exitCode: error.exitCode };
  if (error instanceof SendoffError && !error.retryable) {
    const exitCode =
      error.status === 404 ? exitCodes.notFound : error.status === 422 ? exitCodes.usage : exitCodes.failed;
    return { line: error.message, exitCode };
  }
  // The error of an adapter says what failed, and its cause says why.
  const cause = error instanceof SendoffError && error.cause ? error.cause : error;
  return { line: lineOf(cause), exitCode: exitCodes.failed };
}

function lineOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (names(error, 'CredentialsProviderError'))
    return `No AWS credentials (${firstLine(error)}). Sign in, e.g. \`aws sso login\`, name a --profile, or use --local for \`sendoff start\`.`;
  if (/expired/i.test(error.name)) return 'The AWS credentials have expired. Sign in again, e.g. `aws sso login`.';
  if (/^(UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch)/.test(error.name))
    return `AWS does not know these credentials (${error.name}). Check AWS_PROFILE or --profile.`;
  if (/AccessDenied|NotAuthorized|Forbidden/.test(error.name)) return `AWS denied it: ${firstLine(error)}`;
  if (/Region is missing/.test(error.message)) return 'No AWS region. Set AWS_REGION, or give --region.';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'ECONNRESET'].includes(code))
    return `Could not connect (${firstLine(error) || code}). Check the network and the region.`;
  // The reason why fetch() failed is in the cause.
  if (error.message === 'fetch failed' && error.cause) return lineOf(error.cause);
  return firstLine(error) || error.name;
}

function firstLine(error: Error): string {
  return (error.message.split('\n')[0] ?? '').trim();
}
