import { describe, expect, it } from 'vitest';
import { functionResources, startTestCloud, temporaryFolder } from '../fixtures/stack.ts';

/** Answers its event, or the answer that the query names. */
const echo = `
export const handler = async (event) => {
  const answer = event.queryStringParameters?.answer;
  if (answer === 'throw') throw new Error('no');
  if (answer) return JSON.parse(answer);
  return { statusCode: 200, multiValueHeaders: { 'set-cookie': ['a=1', 'b=2'], 'X-Two': ['1', '2'] }, body: JSON.stringify(event) };
};`;

const Ref = (id: string) => ({ Ref: id }) as unknown as string;

async function startRestCloud(properties: Record<string, unknown> = {}) {
  const assetDirectory = temporaryFolder();
  const uri = {
    'Fn::Join': [
      '',
      ['arn:aws:apigateway:x:lambda:path/2015-03-31/functions/', { 'Fn::GetAtt': ['Echo', 'Arn'] }, '/invocations'],
    ],
  };
  const method = (ResourceId: unknown, HttpMethod: string) => ({
    Type: 'AWS::ApiGateway::Method',
    Properties: {
      RestApiId: Ref('Api'),
      ResourceId,
      HttpMethod,
      AuthorizationType: 'NONE',
      Integration: { Type: 'AWS_PROXY', IntegrationHttpMethod: 'POST', Uri: uri },
    },
  });
  const root = { 'Fn::GetAtt': ['Api', 'RootResourceId'] };
  const template = {
    Resources: {
      ...functionResources(assetDirectory, 'Echo', { source: echo }),
      Api: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'api', ...properties } },
      Proxy: {
        Type: 'AWS::ApiGateway::Resource',
        Properties: { RestApiId: Ref('Api'), ParentId: root, PathPart: '{proxy+}' },
      },
      ProxyAny: method(Ref('Proxy'), 'ANY'),
      Users: {
        Type: 'AWS::ApiGateway::Resource',
        Properties: { RestApiId: Ref('Api'), ParentId: root, PathPart: 'users' },
      },
      User: {
        Type: 'AWS::ApiGateway::Resource',
        Properties: { RestApiId: Ref('Api'), ParentId: Ref('Users'), PathPart: '{id}' },
      },
      UserGet: method(Ref('User'), 'GET'),
      Deployment: {
        Type: 'AWS::ApiGateway::Deployment',
        Properties: { RestApiId: Ref('Api') },
        DependsOn: ['ProxyAny', 'UserGet'],
      },
      Stage: {
        Type: 'AWS::ApiGateway::Stage',
        Properties: { RestApiId: Ref('Api'), DeploymentId: Ref('Deployment'), StageName: 'prod' },
      },
    },
    Outputs: {
      Url: {
        Value: {
          'Fn::Join': [
            '',
            [
              'https://',
              Ref('Api'),
              '.execute-api.',
              Ref('AWS::Region'),
              '.',
              Ref('AWS::URLSuffix'),
              '/',
              Ref('Stage'),
            ],
          ],
        },
      },
    },
  };
  return startTestCloud(template, { assetDirectory });
}

describe('a REST API', () => {
  it('hands requests on in payload format 1.0', async () => {
    const cloud = await startRestCloud();
    const response = await fetch(`${cloud.apiUrl}/a%40b/c?x=1&x=2&y=%20z`, {
      method: 'POST',
      headers: { 'x-own': 'yes', 'user-agent': 'test' },
      body: 'héllo',
    });
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(response.headers.get('x-two')).toBe('1,2');
    expect(await response.json()).toMatchObject({
      resource: '/{proxy+}',
      path: '/a%40b/c',
      httpMethod: 'POST',
      headers: { 'x-own': 'yes', 'X-Forwarded-Proto': 'http' },
      multiValueHeaders: { 'x-own': ['yes'] },
      queryStringParameters: { x: '2', y: ' z' },
      multiValueQueryStringParameters: { x: ['1', '2'], y: [' z'] },
      pathParameters: { proxy: 'a%40b/c' },
      stageVariables: null,
      requestContext: {
        path: '/prod/a%40b/c',
        stage: 'prod',
        httpMethod: 'POST',
        resourcePath: '/{proxy+}',
        identity: { sourceIp: '127.0.0.1', userAgent: 'test' },
      },
      body: 'héllo',
      isBase64Encoded: false,
    });
  });

  it('has its stage in its address, in outputs too', async () => {
    const cloud = await startRestCloud();
    expect(cloud.apiUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/prod$/);
    expect(cloud.outputs.Url).toBe(cloud.apiUrl);
    const outside = await fetch(cloud.apiUrl.replace('/prod', '/users/1'));
    expect([outside.status, await outside.json()]).toEqual([403, { message: 'Forbidden' }]);
  });

  it('prefers the most specific path', async () => {
    const cloud = await startRestCloud();
    expect(await (await fetch(`${cloud.apiUrl}/users/7`)).json()).toMatchObject({
      resource: '/users/{id}',
      pathParameters: { id: '7' },
      body: null,
    });
  });

  it('answers the root, which has no method, as API Gateway does', async () => {
    const response = await fetch(`${(await startRestCloud()).apiUrl}/`);
    expect([response.status, await response.json()]).toEqual([403, { message: 'Missing Authentication Token' }]);
  });

  it.each([
    ['throws', 'throw'],
    ['answers no response object', '{"hello":1}'],
    ['answers a body that is no text', '{"statusCode":200,"body":{}}'],
  ])('answers 502 when the function %s', async (_what, answer) => {
    const response = await fetch(`${(await startRestCloud()).apiUrl}/x?answer=${encodeURIComponent(answer)}`);
    expect([response.status, await response.json()]).toEqual([502, { message: 'Internal server error' }]);
  });

  it('refuses unsupported properties', async () => {
    await expect(startRestCloud({ BinaryMediaTypes: ['*/*'] })).rejects.toThrow(
      'BinaryMediaTypes does not run locally',
    );
  });
});
