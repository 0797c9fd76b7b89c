import type { IMetric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';

/** The API's entry point: an HTTP API or a REST API of API Gateway. */
export interface ApiEntry {
  /** Base URL, without a slash at its end: Resend's SDKs append `/emails`. */
  readonly url: string;
  /** The same URL without a dependency on the API's function: for a function that this one refers to. */
  readonly earlyUrl: string;
  /** The target of the custom domain's CNAME record; absent without a custom domain. */
  readonly domainTarget?: string;
  /** The name that the metrics of a REST API have as their dimension; those of an HTTP API have its id. */
  readonly metricName?: string;
  /** Metrics: requests, answers 4xx (throttled requests too) and 5xx, and the milliseconds until the answer. */
  readonly api: Record<'metricCount' | 'metricClientError' | 'metricServerError' | 'metricLatency', ApiMetric>;
}

type ApiMetric = (options?: MetricOptions) => IMetric;
