import { createHash } from 'node:crypto';
import { cpSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import { AssetHashType, DockerImage, Duration } from 'aws-cdk-lib/core';
import type { TaskManifest } from '../../functions/core/run/manifest.ts';
import { type BackendName, type Bundling, bundlePath } from '../function-code.ts';
import { isCheckout, packageRoot } from '../package-root.ts';
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
  code(handler: string, backend: BackendName): AssetCode;
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
    code: (handler, backend) =>
      assetOf(handler, backend, version, (directory) => {
        if (isTaskHandler(handler)) writeTasksBundle(file, handler, directory);
        else writeOwnBundle(handler, backend, directory);
        writeFileSync(join(directory, MANIFEST), JSON.stringify(manifest));
      }),
  };
}

/** Our own bundle: made here and now in a checkout, as it was made for the release in a package. */
function writeOwnBundle(handler: string, backend: BackendName, directory: string): void {
  if (!isCheckout) {
    cpSync(join(packageRoot, 'dist', bundlePath(handler, backend)), directory, { recursive: true });
    return;
  }
  const { bundle, handlerEntry } = createRequire(import.meta.url)('../bundle.ts') as Bundling;
  bundle(handlerEntry(handler), directory, backend);
}

function assetOf(
  handler: string,
  backend: BackendName,
  version: string,
  write: (directory: string) => void,
): AssetCode {
  // The CDK wants a place that exists. The hash is that of what is written.
  return Code.fromAsset(dirname(ownModule(`functions/${handler}/handler`)), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Required by the type; used only if `tryBundle` declines, which it never does.
      image: DockerImage.fromRegistry('unused'),
      // Keeps apart what the CDK would otherwise take for the same bundle.
      environment: { BACKEND: backend, TASKS: version },
      local: {
        tryBundle: (directory) => {
          write(directory);
          return true;
        },
      },
    },
  });
}
