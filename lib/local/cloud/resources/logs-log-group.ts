import type { CreateResource } from '../stack.ts';
import { physicalName, type ResourceContext } from './context.ts';

/** AWS::Logs::LogGroup: a name that functions need a permission to write to; the lines go to the cloud's log. */
export function logsLogGroup(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const given = properties.LogGroupName;
    const name = typeof given === 'string' ? given : physicalName(context, logicalId, 512);
    return { ref: name, attributes: { Arn: logGroupArn(context, name) } };
  };
}

/** The ARN of a log group, which ends with `:*` for the streams in it. */
export function logGroupArn({ region, accountId }: ResourceContext, name: string): string {
  return `arn:aws:logs:${region}:${accountId}:log-group:${name}:*`;
}
