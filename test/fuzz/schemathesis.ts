import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** With the phase that tries the borders of each value these make over 5,000 cases. `FUZZ_CASES=1000` for a long run. */
const CASES_PER_OPERATION = Number(process.env.FUZZ_CASES ?? 30);

/** Each is a rule of ours; of the others `positive_data_acceptance` is not: what an address or a URL is, no schema says. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'missing_required_header',
  'unsupported_method',
  'allow_header_conformance',
  'ignored_auth',
  'use_after_free',
  'ensure_resource_availability',
];

const hooks = join(import.meta.dirname, 'hooks.py');
const configuration = join(import.meta.dirname, 'schemathesis.toml');

/** The deployment that is fuzzed, and the fuzzer. */
export interface Target {
  /** The Python that has the packages. */
  readonly python: string;
  /** The OpenAPI document. */
  readonly file: string;
  readonly url: string;
  readonly apiKey: string;
  /** For what schemathesis writes. */
  readonly directory: string;
}

/** The result of a run. */
export interface Report {
  readonly cases: number;
  /** Kinds of answers that the document does not have, each at one operation; a 5xx is one, too. */
  readonly violations: number;
  /** False when it did not get to its end. */
  readonly complete: boolean;
  /** All that schemathesis said, with a request for each thing it found. */
  readonly output: string;
}

/** Checks the document with openapi-spec-validator, and the API against it with schemathesis. */
export async function fuzz({ python, file, url, apiKey, directory }: Target): Promise<Report> {
  const validated = await run(python, ['-m', 'openapi_spec_validator', file], directory);
  if (validated.exitCode !== 0) throw new Error(`The OpenAPI document is not valid: ${validated.output}`);
  const report = `${file}.report`;
  const { output } = await run(
    python,
    [
      ...['-m', 'schemathesis.cli', '--config-file', configuration, 'run', file, '--url', url],
      ...['--header', `Authorization: Bearer ${apiKey}`],
      ...['--phases', 'examples,coverage,fuzzing,stateful', '--checks', CHECKS.join(',')],
      ...['--max-examples', String(CASES_PER_OPERATION), '--workers', '2', '--continue-on-failure'],
      // The same cases in every run, so that what it found can be found again.
      ...['--generation-deterministic', '--no-shrink'],
      ...['--suppress-health-check', 'all', '--warnings', 'off', '--no-color'],
      ...['--report', 'json', '--report-json-path', report],
    ],
    directory,
  );
  if (!existsSync(report)) throw new Error(`schemathesis made no report: ${output}`);
  return { ...countsOf(JSON.parse(readFileSync(report, 'utf8'))), output };
}

interface JsonReport {
  readonly complete: boolean;
  readonly test_cases: { readonly generated: number };
  readonly failures: readonly { readonly count: number }[];
  readonly errors: readonly unknown[];
}

function countsOf({ complete, test_cases, failures, errors }: JsonReport): Omit<Report, 'output'> {
  return {
    cases: test_cases.generated,
    violations: failures.reduce((sum, { count }) => sum + count, 0),
    complete: complete && errors.length === 0,
  };
}

/** Runs a program to its end; its exit code and all it wrote. */
function run(program: string, args: readonly string[], cwd: string): Promise<{ exitCode: number; output: string }> {
  // Not spawnSync: the local cloud lives in this process and must answer meanwhile.
  const env = { ...process.env, SCHEMATHESIS_HOOKS: hooks };
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output: Buffer.concat(chunks).toString() }));
  });
}
