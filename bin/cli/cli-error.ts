/** What the process ends with; documented in `sendoff --help`. */
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

/** What the command names is not there. */
export const notFoundError = (message: string, cause?: unknown): CliError =>
  new CliError(message, exitCodes.notFound, { cause });
