import type { CreateResource } from '../stack.ts';
import { findFunction, type ResourceContext } from './context.ts';

/** AWS::Lambda::Version: a snapshot of a function; here each leads to the function as it is. */
export function lambdaVersion(context: ResourceContext): CreateResource {
  return ({ properties }) => {
    const { arn } = findFunction(context, String(properties.FunctionName));
    return { ref: `${arn}:1`, attributes: { FunctionArn: `${arn}:1`, Version: '1' } };
  };
}

/** AWS::Lambda::Alias: a name of a function's version, and so of the function. */
export function lambdaAlias(context: ResourceContext): CreateResource {
  return ({ properties }) => {
    const { arn } = findFunction(context, String(properties.FunctionName));
    const ref = `${arn}:${properties.Name}`;
    return { ref, attributes: { AliasArn: ref } };
  };
}
