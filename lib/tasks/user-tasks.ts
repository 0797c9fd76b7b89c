import type { AssetCode } from 'aws-cdk-lib/aws-lambda';
import type { Duration } from 'aws-cdk-lib/core';
import type { BackendName } from '../function-code.ts';

/** The user's tasks, as the option `tasks` names their file. */
export interface UserTasks {
  /** The time limit of the function that runs them. */
  readonly timeout: Duration;
  /** The code of a function that knows the tasks, with their manifest beside it; of one that runs them with the user's file in it. */
  code(handler: string, backend: BackendName): AssetCode;
}
