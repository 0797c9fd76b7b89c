import { SendoffError } from '../../functions/core/errors.ts';
import { CliError, type ExitCode, exitCodes } from './cli-error.ts';

/** What went wrong, in a line, and the exit code it ends with. */
export interface Failure {
  readonly line: string;
  readonly exitCode: ExitCode;
}

/** True for an error of this name: AWS tells its errors apart by nothing else. */
export function names(error: unknown, ...wanted: readonly string[]): boolean {
  return error instanceof Error && wanted.includes(error.name);
}

/** Turns anything thrown into the one line a person is shown, with what to do next. */
export function explain(error: unknown): Failure {
  if (error instanceof CliError) return { line: error.message, exitCode: error.exitCode };
  if (error instanceof SendoffError && !error.retryable) {
    const exitCode =
      error.status === 404 ? exitCodes.notFound : error.status === 422 ? exitCodes.usage : exitCodes.failed;
    return { line: error.message, exitCode };
  }
  // An adapter's error says what failed, its cause why.
  const cause = error instanceof SendoffError && error.cause ? error.cause : error;
  return { line: lineOf(cause), exitCode: exitCodes.failed };
}

function lineOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (names(error, 'CredentialsProviderError'))
    return `No AWS credentials (${firstLine(error)}). Sign in, e.g. \`aws sso login\`, name a --profile, or use --local for \`npm start\`.`;
  if (/expired/i.test(error.name)) return 'The AWS credentials have expired. Sign in again, e.g. `aws sso login`.';
  if (/^(UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch)/.test(error.name))
    return `AWS does not know these credentials (${error.name}). Check AWS_PROFILE or --profile.`;
  if (/AccessDenied|NotAuthorized|Forbidden/.test(error.name)) return `AWS denied it: ${firstLine(error)}`;
  if (/Region is missing/.test(error.message)) return 'No AWS region. Set AWS_REGION, or give --region.';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'ECONNRESET'].includes(code))
    return `Could not connect (${firstLine(error) || code}). Check the network and the region.`;
  // fetch() tells what happened in the cause.
  if (error.message === 'fetch failed' && error.cause) return lineOf(error.cause);
  return firstLine(error) || error.name;
}

function firstLine(error: Error): string {
  return (error.message.split('\n')[0] ?? '').trim();
}
