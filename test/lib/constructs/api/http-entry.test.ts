import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { sendoffTemplate } from '../../../helpers/sendoff-template.ts';

describe('the API as an HTTP API', () => {
  const { template } = sendoffTemplate({ apiThrottleRate: 50, apiThrottleBurst: 75, logRetentionDays: 7 });

  it('passes every path and method to the API function', () => {
    template.resourceCountIs('AWS::ApiGatewayV2::Route', 1);
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: '$default' });
    template.hasResourceProperties('AWS::ApiGatewayV2::Integration', {
      IntegrationType: 'AWS_PROXY',
      PayloadFormatVersion: '2.0',
      IntegrationUri: { 'Fn::GetAtt': [Match.stringLikeRegexp('ApiFunction'), 'Arn'] },
    });
  });

  it('has no stage in its paths, and is throttled', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 75 },
    });
  });

  it('logs each request as JSON, without the path or query that could hold an address', () => {
    const [stage] = Object.values(template.findResources('AWS::ApiGatewayV2::Stage'));
    const format = JSON.parse(stage?.Properties.AccessLogSettings.Format);
    expect(format).toMatchObject({ requestId: '$context.requestId', status: '$context.status' });
    expect(JSON.stringify(format)).not.toMatch(/path|query|protocol/i);
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
  });

  it('logs into a vended group with a name of this stack alone, and keeps the group of version 0.1', () => {
    const groups = template.findResources('AWS::Logs::LogGroup');
    const [stage] = Object.values(template.findResources('AWS::ApiGatewayV2::Stage'));
    const [id] = stage?.Properties.AccessLogSettings.DestinationArn['Fn::GetAtt'] ?? [];
    const name = JSON.stringify(groups[id]?.Properties.LogGroupName);
    expect(name).toContain('/aws/vendedlogs/apis/Shop-Mail-Http');
    expect(name).toContain('AWS::StackId');
    const former = Object.entries(groups).find(([logicalId]) => /HttpAccessLogs[0-9A-F]{8}$/.test(logicalId));
    expect(former?.[1].Properties).toEqual({ RetentionInDays: 7 });
  });

  it('lets only API Gateway invoke the function, and only for this API', () => {
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Principal: 'apigateway.amazonaws.com',
      SourceArn: { 'Fn::Join': ['', Match.arrayWith([{ Ref: Match.stringLikeRegexp('HttpApi') }, '/*/*'])] },
    });
  });

  it('has no CORS unless an origin is given', () => {
    const [api] = Object.values(template.findResources('AWS::ApiGatewayV2::Api'));
    expect(api?.Properties).not.toHaveProperty('CorsConfiguration');
    sendoffTemplate({ corsOrigins: ['https://app.example'] }).template.hasResourceProperties('AWS::ApiGatewayV2::Api', {
      CorsConfiguration: {
        AllowOrigins: ['https://app.example'],
        AllowHeaders: Match.arrayWith(['authorization', 'idempotency-key']),
      },
    });
  });
});
