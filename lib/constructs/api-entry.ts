import type { IMetric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';

/** The HTTPS entry, whichever kind of API Gateway it is. */
export interface ApiEntry {
  /** Base URL, without a slash at its end: Resend's SDKs append `/emails`. */
  readonly url: string;
  /** What the custom domain's CNAME record must name; absent without one. */
  readonly domainTarget?: string;
  requests(options?: MetricOptions): IMetric;
  /** Requests answered 4xx, those that were throttled included. */
  clientErrors(options?: MetricOptions): IMetric;
  /** Requests answered 5xx. */
  serverErrors(options?: MetricOptions): IMetric;
  /** Milliseconds from a request's arrival to its answer. */
  latency(options?: MetricOptions): IMetric;
}
