/** A function of the template, its intrinsics resolved. */
export type FunctionDefinition = {
  logicalId: string;
  functionName: string;
  arn: string;
  taskRoot: string;
  /** Complete except for the variables of single instances. */
  environment: Record<string, string>;
  memoryMegabytes: number;
  timeoutSeconds: number;
  reservedConcurrency: number | undefined;
  /** Retries of an asynchronous invocation. */
  maximumRetryAttempts: number;
};
