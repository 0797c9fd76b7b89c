import type { Iam } from '../aws/iam.ts';
import type { LocalLog } from '../log.ts';

const neededActions = ['logs:CreateLogStream', 'logs:PutLogEvents'];

/**
 * A log that drops the output of a function whose role may not write to its log group, as on AWS: there Lambda
 * writes with the function's role, and lines without permission are lost.
 */
export function writingTo(logGroupArn: string, functionId: string, iam: Iam, log: LocalLog): LocalLog {
  const resources = [`${logGroupArn.replace(/:\*$/, '')}:log-stream:local`];
  return (event) => {
    const isLine = event.kind === 'output';
    if (!isLine || neededActions.every((action) => iam.check(functionId, { action, resources }).allowed)) log(event);
  };
}
