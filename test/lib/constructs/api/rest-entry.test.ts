import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { sendoffTemplate } from '../../../helpers/sendoff-template.ts';

describe('the API as a REST API', () => {
  const { template, sendoff, stack } = sendoffTemplate({ api: 'rest', apiThrottleRate: 50, apiThrottleBurst: 75 });

  it('replaces the HTTP API', () => {
    template.resourceCountIs('AWS::ApiGatewayV2::Api', 0);
    template.hasResourceProperties('AWS::ApiGateway::RestApi', { EndpointConfiguration: { Types: ['REGIONAL'] } });
  });

  it('passes every path and method to the API function', () => {
    template.hasResourceProperties('AWS::ApiGateway::Resource', { PathPart: '{proxy+}' });
    const methods = Object.values(template.findResources('AWS::ApiGateway::Method'));
    expect(methods).toHaveLength(2);
    for (const { Properties } of methods) {
      expect(Properties).toMatchObject({ HttpMethod: 'ANY', Integration: { Type: 'AWS_PROXY' } });
      expect(JSON.stringify(Properties.Integration.Uri)).toContain('ApiFunction');
    }
  });

  it('lets only API Gateway invoke the function, and only for this API', () => {
    const permissions = Object.values(template.findResources('AWS::Lambda::Permission')).filter(
      ({ Properties }) => Properties.Principal === 'apigateway.amazonaws.com',
    );
    expect(permissions).toHaveLength(1);
    expect(JSON.stringify(permissions[0]?.Properties.SourceArn)).toContain('RestApi');
  });

  it('has a base URL to which paths are appended: with its stage, without a slash at the end', () => {
    expect(JSON.stringify(stack.resolve(sendoff.apiUrl))).toMatch(/execute-api.*\/.*"Ref":"\w*Stageprod/);
    expect(JSON.stringify(stack.resolve(sendoff.apiUrl))).not.toMatch(/\/"\]\]\}$/);
  });

  it('is throttled', () => {
    template.hasResourceProperties('AWS::ApiGateway::Stage', {
      StageName: 'prod',
      MethodSettings: [
        {
          HttpMethod: '*',
          ResourcePath: '/*',
          ThrottlingRateLimit: 50,
          ThrottlingBurstLimit: 75,
          DataTraceEnabled: false,
        },
      ],
    });
  });

  it('changes no setting of the account: no role for CloudWatch, and so no access logs', () => {
    template.resourceCountIs('AWS::ApiGateway::Account', 0);
    for (const { Properties } of Object.values(template.findResources('AWS::ApiGateway::Stage')))
      expect(Properties).not.toHaveProperty('AccessLogSetting');
  });

  it('has access logs with restAccessLogs, without the path, which could contain an address', () => {
    const logging = sendoffTemplate({ api: 'rest', restAccessLogs: true }).template;
    logging.resourceCountIs('AWS::ApiGateway::Account', 0);
    const [stage] = Object.values(logging.findResources('AWS::ApiGateway::Stage'));
    const format = JSON.parse(stage?.Properties.AccessLogSetting.Format);
    expect(format).toMatchObject({ requestId: '$context.requestId', status: '$context.status' });
    expect(JSON.stringify(format)).not.toMatch(/path|query|protocol/i);
  });

  it('is traced from the gateway on with xray', () => {
    sendoffTemplate({ api: 'rest', xray: true }).template.hasResourceProperties('AWS::ApiGateway::Stage', {
      TracingEnabled: true,
    });
  });

  it('adds no output of its own', () => {
    expect(template.toJSON().Outputs).toBeUndefined();
  });
});

describe('a custom domain', () => {
  const apiCertificateArn = 'arn:aws:acm:eu-west-1:123456789012:certificate/6d3e';
  const props = { apiDomain: 'api.example.com', apiCertificateArn };

  it('is the URL of the HTTP API', () => {
    const { template, sendoff } = sendoffTemplate(props);
    expect(sendoff.apiUrl).toBe('https://api.example.com');
    template.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
      DomainName: 'api.example.com',
      DomainNameConfigurations: [{ CertificateArn: apiCertificateArn, EndpointType: 'REGIONAL' }],
    });
    template.hasResourceProperties('AWS::ApiGatewayV2::ApiMapping', {
      DomainName: { Ref: Match.stringLikeRegexp('Domain') },
      Stage: '$default',
    });
  });

  it('is the URL of the REST API, without a stage in the path', () => {
    const { template, sendoff } = sendoffTemplate({ ...props, api: 'rest' });
    expect(sendoff.apiUrl).toBe('https://api.example.com');
    template.hasResourceProperties('AWS::ApiGateway::DomainName', {
      DomainName: 'api.example.com',
      RegionalCertificateArn: apiCertificateArn,
      SecurityPolicy: 'TLS_1_2',
    });
    const [mapping] = Object.values(template.findResources('AWS::ApiGateway::BasePathMapping'));
    expect(mapping?.Properties).not.toHaveProperty('BasePath');
  });
});
