import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { readManifest, tasksManifest } from '../../../../functions/runtime/tasks/tasks-manifest.ts';

const directory = mkdtempSync(join(tmpdir(), 'manifest-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = (name: string) => pathToFileURL(join(directory, name));

it('is read from the file beside the code', () => {
  writeFileSync(file('tasks.json'), '{"tasks":[]}');
  expect(readManifest(file('tasks.json'))).toEqual({ tasks: [] });
});

it('is undefined where there is no such file: the deployment has no tasks', () => {
  expect([readManifest(file('none.json')), tasksManifest()]).toEqual([undefined, undefined]);
});

it('is an error where the file cannot be read', () => {
  writeFileSync(file('broken.json'), '{');
  expect(() => readManifest(file('broken.json'))).toThrow(SyntaxError);
});
