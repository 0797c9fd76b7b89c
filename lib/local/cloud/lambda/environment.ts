/** The values in the environment of a function. */
export type EnvironmentOptions = {
  functionName: string;
  handler: string;
  memoryMegabytes: number;
  taskRoot: string;
  region: string;
  runtimeApiAddress: string;
  awsEndpoint: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  /** From the template. */
  variables: Record<string, string>;
  /** From the options of the local cloud; they win over the template's. */
  extra: Record<string, string>;
};

/**
 * The environment of a function: the variables AWS reserves, the template's, and the endpoint of the local front. Nothing
 * of the parent's environment but PATH. HOME names a folder that does not exist, as on AWS nothing is in it: otherwise the
 * SDK would read the developer's ~/.aws.
 */
export function functionEnvironment(options: EnvironmentOptions): Record<string, string> {
  return {
    ...options.variables,
    ...options.extra,
    AWS_ENDPOINT_URL: options.awsEndpoint,
    AWS_LAMBDA_FUNCTION_NAME: options.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(options.memoryMegabytes),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${options.functionName}`,
    AWS_LAMBDA_RUNTIME_API: options.runtimeApiAddress,
    AWS_REGION: options.region,
    AWS_DEFAULT_REGION: options.region,
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split('.')[0]}.x`,
    AWS_ACCESS_KEY_ID: options.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: options.credentials.secretAccessKey,
    LAMBDA_TASK_ROOT: options.taskRoot,
    LAMBDA_RUNTIME_DIR: import.meta.dirname,
    _HANDLER: options.handler,
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    HOME: '/home/sbx_user1051',
    PATH: process.env.PATH ?? '',
  };
}
