import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { clientOptions, dummyKeys, region } from './aws-clients.ts';

/** What the functions of a deployment logged, as CloudWatch Logs has it. */
export async function logsOf(endpoint: string, outputs: Readonly<Record<string, string>>): Promise<string> {
  const lambda = new LambdaClient(clientOptions(endpoint));
  const names = Object.keys(outputs).filter((name) => name.endsWith('FunctionName'));
  const logs = await Promise.all(
    names.map(async (name) => {
      const command = new GetFunctionConfigurationCommand({ FunctionName: outputs[name] });
      const { LoggingConfig } = await lambda.send(command);
      return eventsOf(endpoint, LoggingConfig?.LogGroup ?? '');
    }),
  );
  return logs.join('\n');
}

interface Page {
  readonly events: readonly { readonly message: string }[];
  readonly nextToken?: string;
}

async function eventsOf(endpoint: string, logGroupName: string): Promise<string> {
  const messages: string[] = [];
  for (let nextToken: string | undefined; ; ) {
    const page = await filterLogEvents(endpoint, { logGroupName, nextToken });
    messages.push(...page.events.map(({ message }) => message));
    nextToken = page.nextToken;
    if (!nextToken) return messages.join('\n');
  }
}

/** By hand: the SDK's client for it would be a dependency for this one call, and an emulator checks no signature. */
async function filterLogEvents(endpoint: string, input: object): Promise<Page> {
  const scope = `${dummyKeys.accessKeyId}/20260101/${region}/logs/aws4_request`;
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'Logs_20140328.FilterLogEvents',
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(input),
  });
  if (!response.ok) throw new Error(`FilterLogEvents answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Page;
}
