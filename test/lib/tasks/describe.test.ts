import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { TasksError } from '../../../lib/tasks/build.ts';
import { describeFile } from '../../../lib/tasks/describe.ts';
import { userTasks } from '../../../lib/tasks/user-tasks.ts';

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'describe-')));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A file of tasks with this text. */
function fileWith(text: string, name = 'tasks.ts'): string {
  const file = join(scratch, name);
  mkdirSync(scratch, { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** The message with which the file is refused. */
function refusalOf(text: string): string {
  try {
    describeFile(fileWith(text));
  } catch (error) {
    if (error instanceof TasksError) return error.message;
    throw error;
  }
  throw new Error('the file was not refused');
}

it('describes every exported task, those in arrays too, with defaults and the schema of the arguments', () => {
  const { manifest, built } = describeFile(join(import.meta.dirname, '..', '..', 'fixtures', 'tasks', 'tasks.ts'));
  const [echo] = manifest.tasks.filter(({ name }) => name === 'test.echo');
  expect(echo).toMatchObject({ timeoutSeconds: 30, keep: true, args: { properties: { text: { type: 'string' } } } });
  expect(manifest.tasks.find(({ name }) => name === 'test.yearly')?.cron).toEqual({
    expression: '0 6 1 1 *',
    timeZone: 'Europe/Berlin',
  });
  expect(built.sources.filter((source) => source.endsWith('fixtures/tasks/tasks.ts'))).toHaveLength(1);
  const { tasks } = describeFile(
    fileWith(`import { task } from 'sendoff/tasks';
console.log('printed while it is imported');
export const all = ['a.one', 'a.two'].map((name) => task(name, {}, async () => {}));
export const other = 1;`),
  ).manifest;
  expect(tasks.map(({ name }) => name)).toEqual(['a.one', 'a.two']);
});

it('names the file and the line of what does not build', () => {
  const message = refusalOf(
    "import { task } from 'sendoff/tasks';\nexport const broken = task('a.b', {}, async () => {);",
  );
  expect(message).toMatch(/do not build/);
  expect(message).toMatch(/tasks\.ts:2:\d+/);
  expect(refusalOf("import { missing } from './missing.ts';\nexport { missing };")).toMatch(/tasks\.ts:1.*missing/s);
});

it('names the task of a bad option, and the line', () => {
  const message = refusalOf(`import { task } from 'sendoff/tasks';

export const long = task('video.encode', { timeoutSeconds: 900 }, async () => {});`);
  expect(message).toContain('video.encode: timeoutSeconds must be a whole number from 1 to 840, not 900');
  expect(message).toMatch(/tasks\.ts:3/);
});

it('names both exports of two tasks with one name, and says when there is no task', () => {
  const twice = refusalOf(`import { task } from 'sendoff/tasks';
export const first = task('a.b', {}, async () => {});
export const second = task('a.b', {}, async () => {});`);
  expect(twice).toContain('Two tasks are named a.b: the exports `first` and `second`');
  expect(refusalOf('export const something = 1;')).toMatch(/exports no task.*something/);
});

it('says that a file fails when it is imported, or ends the process', () => {
  const message = refusalOf('export const url = new URL(process.env.NOT_SET_AT_SYNTH);');
  expect(message).toMatch(/fails when it is imported: TypeError: Invalid URL/);
  expect(message).toMatch(/inside the tasks/);
  expect(refusalOf('process.exit(3);')).toMatch(/could not be imported: it ended with exit code 3/);
});

it('says that there is no file', () => {
  expect(() => userTasks('./not-there.ts')).toThrow('Option \'tasks\' is "./not-there.ts": there is no file');
});
