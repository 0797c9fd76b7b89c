import type { CorsConfiguration } from '../api-gateway/http-api-cors.ts';
import type { CreateResource } from '../stack.ts';
import { findFunction, type ResourceContext } from './context.ts';

type Properties = { TargetFunctionArn: string; AuthType: string; InvokeMode?: string; Cors?: CorsConfiguration };

/** AWS::Lambda::Url: a port of its own, whose requests reach the function as those of an HTTP API do. */
export function lambdaUrl(context: ResourceContext): CreateResource {
  return async ({ logicalId, properties }) => {
    const { TargetFunctionArn, AuthType, InvokeMode = 'BUFFERED', Cors } = properties as Properties;
    if (AuthType !== 'NONE') throw new Error(`A function URL with AuthType ${AuthType} does not run locally`);
    if (InvokeMode !== 'BUFFERED') throw new Error(`A function URL with InvokeMode ${InvokeMode} does not run locally`);
    const target = findFunction(context, TargetFunctionArn);
    const url = await context.gateway.openFunctionUrl(logicalId, target, Cors);
    return { ref: target.arn, attributes: { FunctionArn: target.arn, FunctionUrl: `${url}/` } };
  };
}
