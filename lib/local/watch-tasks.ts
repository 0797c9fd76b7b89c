import { cpSync, existsSync, type FSWatcher, mkdtempSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { TasksError } from '../tasks/build.ts';
import { MANIFEST, TASKS_METADATA, type TaskHandler, writeTasksBundle } from '../tasks/bundle.ts';
import { describeFile } from '../tasks/describe.ts';

import type { LocalCloud } from './cloud/cloud.ts';
import type { Template } from './cloud/template.ts';

export interface WatchOptions {
  readonly template: Template;
  /** The working directory of the CDK app. */
  readonly directory: string;
  readonly cloud: Pick<LocalCloud, 'functions' | 'updateCode'>;
  /** Tells the user what happened. */
  readonly say: (line: string) => void;
}

/** Editors write a file in several steps, and several files at once. */
const SETTLE_MS = 100;

/** A function that runs tasks. */
interface Runner {
  readonly logicalId: string;
  readonly file: string;
  readonly handler: TaskHandler;
}

/**
 * Watches the files of the user's tasks. After a change the functions get the new code, and those that know the tasks the new manifest,
 * while everything else goes on. Code that does not build is said, and the old code goes on. Answers what ends it, which is called when
 * the cloud has ended; undefined if the template has no tasks.
 */
export function watchTasks(options: WatchOptions): (() => void) | undefined {
  const runners = runnersIn(options);
  if (runners.length === 0) return undefined;
  const scratch = mkdtempSync(join(tmpdir(), 'sendoff-tasks-'));
  const closers = runners.map((runner) => watchRunner(runner, scratch, options));
  return () => {
    for (const close of closers) close();
    rmSync(scratch, { recursive: true, force: true });
  };
}

function runnersIn({ template, directory }: WatchOptions): Runner[] {
  return Object.entries(template.Resources).flatMap(([logicalId, resource]) => {
    const path = (resource as { Metadata?: Record<string, unknown> }).Metadata?.[TASKS_METADATA];
    if (typeof path !== 'string') return [];
    const handler = /RedisTasksFunction[0-9A-F]{8}$/.test(logicalId) ? 'redis-run-tasks' : 'run-tasks';
    return [{ logicalId, file: resolve(directory, path), handler }];
  });
}

function watchRunner(runner: Runner, scratch: string, options: WatchOptions): () => void {
  const { say } = options;
  const watchers = new Map<string, FSWatcher>();
  let sources: ReadonlySet<string> = new Set([runner.file]);
  let timer: NodeJS.Timeout | undefined;
  const changed = new Set<string>();
  const reload = () => {
    const names = [...changed].map((file) => relative(options.directory, file)).join(', ');
    changed.clear();
    const startedAtMs = performance.now();
    try {
      sources = new Set(replaceCode(runner, scratch, options.cloud));
      say(`tasks: ${names} changed; the new code runs (${Math.round(performance.now() - startedAtMs)} ms)`);
    } catch (error) {
      if (!(error instanceof TasksError)) throw error;
      say(`tasks: ${names} changed; the old code goes on.\n${error.message}`);
    }
    follow();
  };
  // Folders, since editors replace files.
  const follow = () => {
    const folders = new Set([...sources].map(dirname));
    for (const [folder, watcher] of watchers)
      if (!folders.has(folder)) {
        watcher.close();
        watchers.delete(folder);
      }
    for (const folder of folders) {
      if (watchers.has(folder)) continue;
      const watcher = watch(folder, (_event, name) => {
        const file = join(folder, name ?? '');
        if (name !== null && !sources.has(file)) return;
        changed.add(file);
        clearTimeout(timer);
        timer = setTimeout(reload, SETTLE_MS);
      });
      watchers.set(folder, watcher);
    }
  };
  sources = new Set([runner.file, ...sourcesOf(runner, scratch)]);
  follow();
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
  };
}

/** The files that go into the bundle. */
function sourcesOf({ file, handler }: Runner, scratch: string): readonly string[] {
  return writeTasksBundle(file, handler, mkdtempSync(join(scratch, 'first-')));
}

/** Answers the files that went into the new code. Nothing is replaced unless all of it builds. */
function replaceCode(
  { logicalId, file, handler }: Runner,
  scratch: string,
  cloud: WatchOptions['cloud'],
): readonly string[] {
  const { manifest } = describeFile(file);
  const codeOf = (id: string) => mkdtempSync(join(scratch, `${id}-`));
  const directory = codeOf(logicalId);
  const sources = writeTasksBundle(file, handler, directory);
  const knowing = [...cloud.functions.values()].filter(({ definition }) =>
    existsSync(join(definition.taskRoot, MANIFEST)),
  );
  const text = JSON.stringify(manifest);
  for (const one of knowing) {
    const folder = one.logicalId === logicalId ? directory : codeOf(one.logicalId);
    if (folder !== directory) cpSync(one.definition.taskRoot, folder, { recursive: true });
    writeFileSync(join(folder, MANIFEST), text);
    cloud.updateCode(one.logicalId, folder);
  }
  return sources;
}
