import type { IMetric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';

/** The HTTPS entry, whichever kind of API Gateway it is. */
export interface ApiEntry {
  /** Base URL, without a slash at its end: Resend's SDKs append `/emails`. */
  readonly url: string;
  /** The same without waiting for what is behind the entry: for a function that the API's own function refers to. */
  readonly earlyUrl: string;
  /** What the custom domain's CNAME record must name; absent without one. */
  readonly domainTarget?: string;
  /** Requests, those answered 4xx (throttled ones too) and 5xx, and milliseconds from arrival to answer. */
  readonly api: Record<'metricCount' | 'metricClientError' | 'metricServerError' | 'metricLatency', ApiMetric>;
}

type ApiMetric = (options?: MetricOptions) => IMetric;
