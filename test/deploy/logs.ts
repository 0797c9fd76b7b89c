import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { callJson, clientOptions } from './aws-clients.ts';

/** The logs of a deployment's functions in CloudWatch Logs. */
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
    const page = (await callJson(endpoint, 'logs', 'Logs_20140328.FilterLogEvents', {
      logGroupName,
      nextToken,
    })) as Page;
    messages.push(...page.events.map(({ message }) => message));
    nextToken = page.nextToken;
    if (!nextToken) return messages.join('\n');
  }
}
