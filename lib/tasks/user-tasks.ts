import { createHash } from 'node:crypto';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { AssetCode } from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import type { TaskManifest } from '../../functions/core/run/definition/manifest.ts';
import { writeFunctionCode } from '../function-code.ts';
import type { BackendName } from '../handlers.ts';
import { writtenAsset } from '../written-asset.ts';
import { ownModule, TasksError } from './build.ts';
import { MANIFEST, type TaskHandler, taskHandlers, writeTasksBundle } from './bundle.ts';
import { describeFile } from './describe.ts';

/** The user's tasks, as the option `tasks` names their file. */
export interface UserTasks {
  /** The file, absolute. */
  readonly file: string;
  readonly manifest: TaskManifest;
  /** The longest time limit of a task. */
  readonly longest: Duration;
  /** The code of a function that knows the tasks, with their manifest beside it; of one that runs them with the user's file in it. */
  code(handler: string, backend: BackendName, servesConsole?: boolean): AssetCode;
}

const isTaskHandler = (handler: string): handler is TaskHandler => taskHandlers.some((one) => one === handler);

/**
 * Reads the user's tasks.
 *
 * @throws TasksError if there is no such file, it does not build, cannot be imported, exports no task, or two of one name.
 */
export function userTasks(path: string): UserTasks {
  const file = resolve(path);
  if (!existsSync(file) || !statSync(file).isFile())
    throw new TasksError(`Option 'tasks' is ${JSON.stringify(path)}: there is no file ${file}`);
  const { manifest, built } = describeFile(file);
  const digest = createHash('sha256');
  for (const { bytes } of built.files) digest.update(bytes);
  const version = digest.digest('hex');
  return {
    file,
    manifest,
    longest: Duration.seconds(Math.max(...manifest.tasks.map(({ timeoutSeconds }) => timeoutSeconds))),
    code: (handler, backend, servesConsole = false) =>
      writtenAsset(
        dirname(ownModule(`functions/${handler}/handler`)),
        { BACKEND: backend, CONSOLE: String(servesConsole), TASKS: version },
        (directory) => {
          if (isTaskHandler(handler)) writeTasksBundle(file, handler, directory);
          else writeFunctionCode(handler, backend, directory, servesConsole);
          writeFileSync(join(directory, MANIFEST), JSON.stringify(manifest));
        },
      ),
  };
}
