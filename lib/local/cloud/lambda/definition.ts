/** What the template says about a function, resolved. */
export type FunctionDefinition = {
  logicalId: string;
  functionName: string;
  arn: string;
  taskRoot: string;
  /** Complete, but for what differs between instances. */
  environment: Record<string, string>;
  memoryMegabytes: number;
  timeoutSeconds: number;
  reservedConcurrency: number | undefined;
  /** Of asynchronous invocations. */
  maximumRetryAttempts: number;
};
