import { App, CfnOutput, CfnResource, Stack } from 'aws-cdk-lib';
import { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Sendoff } from 'sendoff';

const app = new App();
new Topic(new Stack(app, 'Elsewhere'), 'Topic');
const shop = new Stack(app, 'Shop', {
  env: { account: process.env.CDK_DEFAULT_ACCOUNT ?? '111122223333', region: 'eu-central-1' },
});
// Of their own, and first: the port that is asked for is Sendoff's all the same.
const api = new HttpApi(shop, 'Api');
const customers = new Table(shop, 'Customers', { partitionKey: { name: 'email', type: AttributeType.STRING } });
new Bucket(shop, 'Pictures');
const mail = new Sendoff(shop, 'Mail', { backend: app.node.tryGetContext('mailBackend') ?? 'aws', ...redis() });
const signUp = new NodejsFunction(shop, 'SignUp', {
  entry: 'src/sign-up.js',
  runtime: Runtime.NODEJS_24_X,
  bundling: { format: OutputFormat.ESM },
  environment: { ...mail.acceptEnvironment, CUSTOMERS: customers.tableName, REPLY_TO: app.node.getContext('replyTo') },
});
mail.grantAccept(signUp);
customers.grantWriteData(signUp);
api.addRoutes({ path: '/sign-up', integration: new HttpLambdaIntegration('SignUpIntegration', signUp) });
new CfnOutput(shop, 'ShopUrl', { value: api.apiEndpoint });
if (app.node.tryGetContext('unknown')) new CfnResource(shop, 'Flow', { type: 'AWS::StepFunctions::StateMachine' });

function redis() {
  return app.node.tryGetContext('mailBackend') === 'redis' ? { redisSecret: 'upstash' } : {};
}
