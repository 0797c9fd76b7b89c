import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { Sendoff } from 'sendoff';

const stack = new Stack(new App(), 'Shop');
const mail = new Sendoff(stack, 'Mail', { tasks: './tasks.ts' });
// A table of yours: customers.grantReadData(mail.tasks);
mail.tasks.addEnvironment('SHOP_NAME', 'Corner Shop');
new CfnOutput(stack, 'MailApi', { value: mail.apiUrl });
