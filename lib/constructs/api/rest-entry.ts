import {
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  RestApi,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigateway';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Names, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import { accessLogFormat } from './access-log.ts';
import type { ApiEntry } from './entry.ts';
import { type CustomDomain, KEYS_ARE_CHECKED } from './http-entry.ts';

/** Part of every URL: a stage of a REST API has a name. SDKs append paths to the base URL, so they work with it. */
const STAGE = 'prod';

export interface RestEntryProps {
  /** Answers every request, routing included. */
  readonly handler: IFunction;
  /** Requests a second, on average. */
  readonly throttleRate: number;
  /** Requests in a burst. */
  readonly throttleBurst: number;
  readonly customDomain?: CustomDomain | undefined;
  /** Write access logs. API Gateway then needs a role for CloudWatch, which is a setting of the account, not of an API. */
  readonly accessLogs: boolean;
  readonly logRetentionDays: RetentionDays;
  readonly xray: boolean;
}

/**
 * A REST API that passes every path to one function. It is dearer than an HTTP API and a little slower, for those who need
 * WAF, usage plans, X-Ray at the gateway, or an emulator without HTTP APIs.
 */
export class RestEntry extends Construct implements ApiEntry {
  readonly api: RestApi;
  readonly url: string;
  readonly earlyUrl: string;
  readonly domainTarget?: string;
  readonly metricName: string;

  constructor(scope: Construct, id: string, props: RestEntryProps) {
    super(scope, id);
    this.metricName = Names.uniqueResourceName(this, { separator: '-', maxLength: 128 });
    this.api = new RestApi(this, 'Api', {
      restApiName: this.metricName,
      endpointConfiguration: { types: [EndpointType.REGIONAL] },
      // This role is a setting of the whole account and region: a stack that sets it would overwrite another's.
      cloudWatchRole: false,
      deployOptions: {
        stageName: STAGE,
        throttlingRateLimit: props.throttleRate,
        throttlingBurstLimit: props.throttleBurst,
        tracingEnabled: props.xray,
        ...(props.accessLogs
          ? { accessLogDestination: this.accessLogs(props.logRetentionDays), accessLogFormat: accessLogFormat() }
          : {}),
      },
    });
    // The CDK adds an output here; only the stack defines outputs.
    this.api.node.tryRemoveChild('Endpoint');
    const integration = new LambdaIntegration(props.handler, {
      scopePermissionToMethod: false,
    });
    acknowledge(this.api, {
      APIG4: KEYS_ARE_CHECKED,
      COG4: KEYS_ARE_CHECKED,
      APIG2: 'The function validates requests: it answers with the error bodies that SDKs know, and names the field.',
      APIG3: 'A web ACL costs $5 a month and more by rule and request: associate one with this stage if you need it.',
      APIG6: 'Execution logs can hold paths, headers and bodies: addresses, mail, and API keys.',
      // Only without `restAccessLogs` is there anything to acknowledge.
      APIG1: 'Access logs of a REST API need a role that is a setting of the whole account: see `restAccessLogs`.',
    });
    this.api.root.addMethod('ANY', integration);
    this.api.root.addProxy({ defaultIntegration: integration });
    const { region, urlSuffix } = Stack.of(this);
    this.url = `https://${this.api.restApiId}.execute-api.${region}.${urlSuffix}/${this.api.deploymentStage.stageName}`;
    this.earlyUrl = `https://${this.api.restApiId}.execute-api.${region}.${urlSuffix}/${STAGE}`;
    if (props.customDomain) {
      const { domainName, certificateArn } = props.customDomain;
      const domain = this.api.addDomainName('Domain', {
        domainName,
        certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
        endpointType: EndpointType.REGIONAL,
        securityPolicy: SecurityPolicy.TLS_1_2,
      });
      this.url = `https://${domainName}`;
      this.earlyUrl = this.url;
      this.domainTarget = domain.domainNameAliasDomainName;
    }
  }

  private accessLogs(retention: RetentionDays): LogGroupLogDestination {
    return new LogGroupLogDestination(
      new LogGroup(this, 'AccessLogs', { retention, removalPolicy: RemovalPolicy.DESTROY }),
    );
  }
}
