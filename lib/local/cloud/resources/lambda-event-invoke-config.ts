import type { CreateResource } from '../stack.ts';
import { findFunction, type ResourceContext } from './context.ts';

/** AWS::Lambda::EventInvokeConfig: how often asynchronous invocations are retried; destinations have no local behaviour. */
export function lambdaEventInvokeConfig(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const { definition } = findFunction(context, String(properties.FunctionName));
    const attempts = properties.MaximumRetryAttempts;
    if (attempts !== undefined) definition.maximumRetryAttempts = Number(attempts);
    return { ref: logicalId, attributes: {} };
  };
}
