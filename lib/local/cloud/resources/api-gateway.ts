import type { CreateResource } from '../stack.ts';
import { functionArnIn } from './api-gateway-v2.ts';
import { findFunction, type ResourceContext } from './context.ts';

/** AWS::ApiGateway::RestApi: a REST API on a port of its own. */
export function restApi(context: ResourceContext): CreateResource {
  return async ({ logicalId, properties }) => {
    for (const unknown of ['Body', 'BinaryMediaTypes', 'Policy'])
      if (unknown in properties) throw new Error(`The property ${unknown} does not run locally`);
    const { apiId, rootResourceId } = await context.gateway.openRestApi(logicalId, String(properties.Name));
    return { ref: apiId, attributes: { RestApiId: apiId, RootResourceId: rootResourceId } };
  };
}

/** AWS::ApiGateway::Resource: a path under another. */
export function restResource(context: ResourceContext): CreateResource {
  return ({ properties }) => {
    const { RestApiId, ParentId, PathPart } = properties as Record<'RestApiId' | 'ParentId' | 'PathPart', string>;
    const id = context.gateway.restApi(RestApiId).addResource(ParentId, PathPart);
    return { ref: id, attributes: { ResourceId: id } };
  };
}

type Method = {
  RestApiId: string;
  ResourceId: string;
  HttpMethod: string;
  AuthorizationType?: string;
  ApiKeyRequired?: boolean;
  Integration: { Type: string; Uri: string };
};

/** AWS::ApiGateway::Method with a function behind it. */
export function restMethod(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const {
      RestApiId,
      ResourceId,
      HttpMethod,
      AuthorizationType = 'NONE',
      ApiKeyRequired,
      Integration,
    } = properties as Method;
    if (Integration.Type !== 'AWS_PROXY' || AuthorizationType !== 'NONE' || ApiKeyRequired) {
      throw new Error('Only AWS_PROXY integrations without an authorizer or an API key run locally');
    }
    const target = findFunction(context, functionArnIn(Integration.Uri));
    context.gateway.restApi(RestApiId).addMethod(ResourceId, HttpMethod, target);
    return { ref: logicalId, attributes: {} };
  };
}

/** AWS::ApiGateway::Deployment: a snapshot of the API; here the API is as it is. */
export function restDeployment(_context: ResourceContext): CreateResource {
  return ({ logicalId }) => ({ ref: logicalId, attributes: { DeploymentId: logicalId } });
}

/** AWS::ApiGateway::Stage: from now on the API answers under this name. */
export function restStage(context: ResourceContext): CreateResource {
  return ({ properties }) => {
    const { RestApiId, StageName } = properties as Record<'RestApiId' | 'StageName', string>;
    context.gateway.openStage(RestApiId, StageName);
    return { ref: StageName, attributes: {} };
  };
}
