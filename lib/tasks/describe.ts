import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TaskManifest } from '../../functions/core/run/definition/manifest.ts';
import { type BuiltFiles, build, fromHere, ownModule, TasksError } from './build.ts';

/** To import a file takes milliseconds; one that does not end waits for something, such as a server. */
const TIMEOUT_MS = 30_000;

/** The tasks that a file declares, and its bundle. */
export interface DescribedTasks {
  readonly manifest: TaskManifest;
  readonly built: BuiltFiles;
}

/**
 * Imports the user's file in a process of its own and answers the manifest of its tasks.
 *
 * @throws TasksError if it does not build, fails when it is imported, exports no task or two of one name.
 */
export function describeFile(file: string): DescribedTasks {
  const built = build(entryOf(file), file);
  const directory = mkdtempSync(join(tmpdir(), 'sendoff-tasks-'));
  try {
    for (const { name, bytes } of built.files) writeFileSync(join(directory, name), bytes);
    return { manifest: runIn(directory, file), built };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The answer goes into a file, as the user's code may write to standard output. */
const ANSWER = 'tasks.json';

const entryOf = (file: string): string => `
import { writeFileSync } from 'node:fs';
import { describeTasks } from ${JSON.stringify(ownModule('functions/runtime/tasks/describe-tasks'))};
const answer = (value) => writeFileSync(process.argv[2], JSON.stringify(value));
let step = 'imported';
try {
  const own = await import(${JSON.stringify(file)});
  step = 'described';
  const zod = process.argv[3] ? await import(process.argv[3]).catch(() => ({})) : {};
  answer({ manifest: describeTasks(own, zod) });
} catch (error) {
  answer({ step, name: error?.name, message: String(error?.message ?? error), stack: String(error?.stack ?? '') });
}
process.exit();
`;

interface Failure {
  readonly step: 'imported' | 'described';
  readonly name?: string;
  readonly message: string;
  readonly stack: string;
}

function runIn(directory: string, file: string): TaskManifest {
  const answerFile = join(directory, ANSWER);
  const args = ['--enable-source-maps', '--disable-warning=ExperimentalWarning', join(directory, 'index.mjs')];
  const { error, status, signal } = spawnSync(process.execPath, [...args, answerFile, zodOf(file)], {
    // The output of the user's code is for people.
    stdio: ['ignore', 2, 2],
    timeout: TIMEOUT_MS,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const answer = readAnswer(answerFile);
  if (answer === undefined) {
    const how = error ? error.message : `it ended with ${signal ?? `exit code ${status}`}`;
    throw new TasksError(`The tasks in ${fromHere(file)} could not be imported: ${how}`);
  }
  if ('manifest' in answer) return answer.manifest;
  throw new TasksError(explain(answer, file));
}

function readAnswer(file: string): { readonly manifest: TaskManifest } | Failure | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // The process ended before it wrote one.
    return undefined;
  }
}

function explain({ step, name, message, stack }: Failure, file: string): string {
  if (step === 'described') return `${fromHere(file)}: ${message}`;
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line) && !/node:internal|\(node:/.test(line));
  // Errors of `task()` and `cron()` name the task; the frames of ours say nothing more.
  const own = frames.filter((line) => !/functions[\\/]tasks[\\/]|tasks-entry/.test(line)).slice(0, 5);
  const what = name === undefined || name === 'Error' ? message : `${name}: ${message}`;
  const hint =
    'The file is imported when the app is synthesized: read variables of the environment, and connect to services, inside the tasks.';
  return [`${fromHere(file)} fails when it is imported: ${what}`, ...own, hint].join('\n');
}

/** The URL of the user's zod; empty if there is none. */
function zodOf(file: string): string {
  try {
    return pathToFileURL(createRequire(file).resolve('zod')).href;
  } catch {
    return '';
  }
}
