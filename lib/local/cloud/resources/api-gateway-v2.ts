import type { CorsConfiguration } from '../api-gateway/http-api-cors.ts';
import type { CreateResource } from '../stack.ts';
import { findFunction, type ResourceContext } from './context.ts';

/** AWS::ApiGatewayV2::Api: an HTTP API on a port of its own. */
export function httpApi(context: ResourceContext): CreateResource {
  return async ({ logicalId, properties }) => {
    if (properties.ProtocolType !== 'HTTP')
      throw new Error(`ProtocolType ${properties.ProtocolType} does not run locally`);
    const cors = properties.CorsConfiguration as CorsConfiguration | undefined;
    const { apiId, url } = await context.gateway.openHttpApi(logicalId, cors);
    return { ref: apiId, attributes: { ApiId: apiId, ApiEndpoint: url } };
  };
}

type Integration = { ApiId: string; IntegrationType: string; IntegrationUri: string; PayloadFormatVersion?: string };

/** AWS::ApiGatewayV2::Integration with a function. */
export function httpIntegration(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const { ApiId, IntegrationType, IntegrationUri, PayloadFormatVersion } = properties as Integration;
    if (IntegrationType !== 'AWS_PROXY' || PayloadFormatVersion !== '2.0') {
      throw new Error('Only AWS_PROXY integrations with payload format 2.0 run locally');
    }
    context.gateway.addIntegration(ApiId, logicalId, findFunction(context, functionArnIn(IntegrationUri)));
    return { ref: logicalId, attributes: { IntegrationId: logicalId } };
  };
}

/** The function's ARN in an integration's URI, which is that ARN or the invocation URI around it. */
export function functionArnIn(uri: string): string {
  return /functions\/(arn:[^/]+)\/invocations/.exec(uri)?.[1] ?? uri;
}

/** AWS::ApiGatewayV2::Route to an integration. */
export function httpRoute(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const { ApiId, RouteKey, Target } = properties as { ApiId: string; RouteKey: string; Target: string };
    context.gateway.addRoute(ApiId, RouteKey, Target.replace(/^integrations\//, ''));
    return { ref: logicalId, attributes: { RouteId: logicalId } };
  };
}

/** AWS::ApiGatewayV2::Stage; only `$default` has no prefix in its path, and only that one runs locally. */
export function httpStage(_context: ResourceContext): CreateResource {
  return ({ properties }) => {
    if (properties.StageName !== '$default')
      throw new Error(`Only the $default stage runs locally, not ${properties.StageName}`);
    return { ref: '$default', attributes: {} };
  };
}
