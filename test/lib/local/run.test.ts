import { describe, expect, it } from 'vitest';
import { runSendoff } from '../../../lib/local/run.ts';

const fn = (Variables: object = {}) => ({ Type: 'AWS::Lambda::Function', Properties: { Environment: { Variables } } });
/** As little of a Sendoff as tells it apart. */
const sendoff = (id: string) => ({
  [`${id}SendFunction01234567`]: fn({ CONFIGURATION_SET: 'c', DEPLOYMENT: `Shop/${id}` }),
  [`${id}ScheduleFunction01234567`]: fn(),
  [`${id}ApiFunction01234567`]: fn(),
  [`${id}FeedbackQueue01234567`]: { Type: 'AWS::SQS::Queue' },
  [`${id}DeadLetterQueue01234567`]: { Type: 'AWS::SQS::Queue' },
  [`${id}HttpApi01234567`]: { Type: 'AWS::ApiGatewayV2::Api' },
});

describe('running the stack of an app', () => {
  const run = (Resources: object, wanted?: string) =>
    runSendoff({ template: { Resources: { ...Resources } }, assetDirectory: '', sendoff: wanted });

  it('needs a Sendoff in it', async () => {
    await expect(run({ Queue: { Type: 'AWS::SQS::Queue' } })).rejects.toThrow('The stack has no Sendoff in it.');
  });

  it('needs to know which one is meant when there are several', async () => {
    const two = { ...sendoff('Mail'), ...sendoff('News') };
    await expect(run(two)).rejects.toThrow('The stack has 2 Sendoffs: Shop/Mail, Shop/News.');
    await expect(run(two, 'Post')).rejects.toThrow('No Sendoffs of the stack are named Post: Shop/Mail, Shop/News');
  });
});
