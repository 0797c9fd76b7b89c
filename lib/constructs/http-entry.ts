import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { CorsHttpMethod, HttpApi, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Duration, Names, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

export interface HttpEntryProps {
  /** Answers every request, routing included. */
  readonly handler: IFunction;
  /** Requests a second, on average. */
  readonly throttleRate: number;
  /** Requests in a moment. */
  readonly throttleBurst: number;
  /** Origins whose pages may call from a browser; none: no CORS. */
  readonly corsOrigins: readonly string[];
  readonly logRetentionDays: RetentionDays;
}

/**
 * The HTTPS entry: an HTTP API that hands every path to one function.
 * Routing is the function's: an unknown path and a wrong method get the error body that SDKs expect.
 */
export class HttpEntry extends Construct {
  readonly api: HttpApi;
  readonly stage: HttpStage;
  /** Base URL, without a slash at its end: Resend's SDKs append `/emails`. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: HttpEntryProps) {
    super(scope, id);
    this.api = new HttpApi(this, 'Api', {
      apiName: Names.uniqueResourceName(this, { separator: '-', maxLength: 128 }),
      createDefaultStage: false,
      defaultIntegration: new HttpLambdaIntegration('Handler', props.handler),
      ...(props.corsOrigins.length > 0 ? { corsPreflight: corsPreflight(props.corsOrigins) } : {}),
    });
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: props.throttleRate, burstLimit: props.throttleBurst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(
          new LogGroup(this, 'AccessLogs', { retention: props.logRetentionDays, removalPolicy: RemovalPolicy.DESTROY }),
        ),
        format: accessLogFormat(),
      },
    });
    this.url = this.api.apiEndpoint;
  }
}

function corsPreflight(origins: readonly string[]) {
  return {
    allowOrigins: [...origins],
    allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.POST, CorsHttpMethod.PATCH, CorsHttpMethod.DELETE],
    allowHeaders: ['authorization', 'content-type', 'idempotency-key', 'x-batch-validation'],
    exposeHeaders: ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset', 'retry-after'],
    maxAge: Duration.hours(1),
  };
}

/** No path and no query string: `/suppressions/{address}` and filters carry people's addresses. */
function accessLogFormat(): AccessLogFormat {
  return AccessLogFormat.custom(
    JSON.stringify({
      requestId: AccessLogField.contextRequestId(),
      time: AccessLogField.contextRequestTime(),
      callerIp: AccessLogField.contextIdentitySourceIp(),
      method: AccessLogField.contextHttpMethod(),
      status: AccessLogField.contextStatus(),
      responseBytes: AccessLogField.contextResponseLength(),
      latencyMs: AccessLogField.contextResponseLatency(),
      functionLatencyMs: AccessLogField.contextIntegrationLatency(),
      gatewayError: AccessLogField.contextErrorMessage(),
      functionError: AccessLogField.contextIntegrationErrorMessage(),
    }),
  );
}
