import {
  ApiMapping,
  CorsHttpMethod,
  DomainName,
  HttpApi,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Duration, Fn, Names, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import { accessLogFormat } from './access-log.ts';
import type { ApiEntry } from './entry.ts';

/** A custom host name for the API. */
export interface CustomDomain {
  readonly domainName: string;
  /** The ARN of a certificate for that name, in the API's region. */
  readonly certificateArn: string;
}

/** The reason why API Gateway has no authorizer. */
export const KEYS_ARE_CHECKED =
  'The function checks the API key before anything else: an authorizer would be a second function for each request, and could not answer with the error bodies that SDKs know.';

export interface HttpEntryProps {
  /** Answers every request, routing included. */
  readonly handler: IFunction;
  /** Requests a second, on average. */
  readonly throttleRate: number;
  /** Requests in a burst. */
  readonly throttleBurst: number;
  /** Origins whose pages may call the API from a browser; none: no CORS. */
  readonly corsOrigins: readonly string[];
  readonly customDomain?: CustomDomain | undefined;
  readonly logRetentionDays: RetentionDays;
}

/**
 * An HTTP API that passes every path to one function.
 * The function does the routing: an unknown path and a wrong method get the error body that SDKs expect.
 */
export class HttpEntry extends Construct implements ApiEntry {
  readonly api: HttpApi;
  readonly stage: HttpStage;
  readonly url: string;
  readonly domainTarget?: string;

  /** An HTTP API does not depend on its integrations. */
  get earlyUrl(): string {
    return this.url;
  }

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
        destination: new LogGroupLogDestination(this.accessLogs(props.logRetentionDays)),
        format: accessLogFormat(),
      },
    });
    acknowledge(this.api, { APIG4: KEYS_ARE_CHECKED });
    this.url = this.api.apiEndpoint;
    if (props.customDomain) {
      const { domainName, certificateArn } = props.customDomain;
      const certificate = Certificate.fromCertificateArn(this, 'Certificate', certificateArn);
      const domain = new DomainName(this, 'Domain', { domainName, certificate });
      new ApiMapping(this, 'Mapping', { api: this.api, domainName: domain, stage: this.stage });
      this.url = `https://${domainName}`;
      this.domainTarget = domain.regionalDomainName;
    }
  }

  /**
   * The log group. API Gateway adds each group to a resource policy of the account, whose size is limited; one entry of it
   * covers all groups with this prefix.
   * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
   */
  private accessLogs(retention: RetentionDays): LogGroup {
    const options = { retention, removalPolicy: RemovalPolicy.DESTROY };
    // Version 0.1 wrote to this group. If it left the stack, its logs would be deleted; here they expire as before.
    new LogGroup(this, 'AccessLogs', options);
    // No other group has this name: each stack that is created has another id.
    const stackId = Fn.select(2, Fn.split('/', Stack.of(this).stackId));
    const name = Names.uniqueResourceName(this, { separator: '-', maxLength: 128 });
    return new LogGroup(this, 'AccessLogsVended', {
      ...options,
      logGroupName: `/aws/vendedlogs/apis/${name}-${stackId}`,
    });
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
