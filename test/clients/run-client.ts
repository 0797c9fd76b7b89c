import { spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { complaintAbout } from './caught-mail.ts';
import type { BuiltClient, Program } from './client.ts';
import { type BackendName, type RunningSendoff, startSendoff } from './running-sendoff.ts';

/** For all cases of one client on one backend. */
const TIME_LIMIT_MS = 150_000;
/** Of a program's own words, when it ends otherwise than by its last case. */
const TOLD_CHARACTERS = 2_000;
/** For an email that was accepted to reach SES. */
const ARRIVAL_LIMIT_MS = 10_000;
const POLL_MS = 200;

/** One case as the client's program printed it, or as the mail that arrived proved it wrong. */
export interface CaseResult {
  readonly case: string;
  readonly ok: boolean;
  readonly error?: string;
}

/** The output of a program. */
export interface ClientResults {
  readonly results: readonly CaseResult[];
  /** Lines of its output that begin with #: what is to be said beside the cases. */
  readonly notes: readonly string[];
}

/** Runs all cases of a client against a Sendoff of its own. A program that breaks is one failed case more. */
export async function runClient(client: BuiltClient, backend: BackendName): Promise<ClientResults> {
  const sendoff = await startSendoff(backend, client.sendoff);
  try {
    const { results, notes } = await runProgram(client.program(sendoff), sendoff);
    return { results: await Promise.all(results.map((result) => withArrivedMail(result, sendoff))), notes };
  } finally {
    await sendoff.close();
  }
}

/** A program does not wait for most of its emails, so the last may still be on their way. */
async function withArrivedMail(result: CaseResult, { messages }: RunningSendoff): Promise<CaseResult> {
  if (!result.ok) return result;
  const deadlineMs = Date.now() + ARRIVAL_LIMIT_MS;
  let error = await complaintAbout(result.case, messages());
  while (error !== undefined && Date.now() < deadlineMs) {
    await setTimeout(POLL_MS);
    error = await complaintAbout(result.case, messages());
  }
  return error === undefined ? result : { ...result, ok: false, error };
}

function runProgram({ command, args, environment }: Program, sendoff: RunningSendoff): Promise<ClientResults> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...sendoff.environment, ...environment };
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: TIME_LIMIT_MS });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const { results, rest } = readResults(output);
      if (code !== 0 || results.length === 0) {
        const error = `ended with ${signal ?? code}: ${(errors + rest.join('\n')).slice(-TOLD_CHARACTERS)}`;
        results.push({ case: 'the program', ok: false, error });
      }
      resolve({ results, notes: rest.filter((line) => line.startsWith('# ')) });
    });
  });
}

/** Lines that are no result are a library's own words. */
function readResults(output: string): { results: CaseResult[]; rest: string[] } {
  const results: CaseResult[] = [];
  const rest: string[] = [];
  for (const line of output.split('\n')) {
    if (line.startsWith('{"case"')) results.push(JSON.parse(line));
    else rest.push(line);
  }
  return { results, rest };
}
