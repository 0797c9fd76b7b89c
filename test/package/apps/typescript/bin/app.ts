import { App, CfnOutput, type Duration, Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { ConfigError, Sendoff, type SendoffProps } from 'sendoff';

class ShopStack extends Stack {
  readonly mail: Sendoff;

  constructor(scope: App, id: string, props: SendoffProps) {
    super(scope, id);
    this.mail = new Sendoff(this, 'Mail', props);
    new CfnOutput(this, 'MailApi', { value: this.mail.apiUrl });
  }
}

const { mail } = new ShopStack(new App(), 'Shop', { maxConcurrency: 20, logLevel: 'warn' });
const importer = new LambdaFunction(mail, 'Importer', {
  runtime: Runtime.NODEJS_24_X,
  handler: 'index.handler',
  code: Code.fromInline('exports.handler = async () => {};'),
  environment: { ...mail.acceptEnvironment },
});
mail.grantAccept(importer);

// What the declarations promise, checked by the compiler.
export const table: ITable = mail.table;
export const queue: IQueue = mail.queues.bulk;
export const timeout: Duration | undefined = mail.functions.api.timeout;
// @ts-expect-error: there is no such option
export const unknown: SendoffProps = { maxConcurency: 20 };
// @ts-expect-error: nor such a value
export const wrong: SendoffProps = { api: 'soap' };

try {
  new ShopStack(new App(), 'Refused', { maxConcurrency: 1 });
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
}
