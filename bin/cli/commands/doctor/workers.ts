import type { EventSourceMappingConfiguration } from '@aws-sdk/client-lambda';
import { SENDING_KEY, type SendingState } from '../../../../functions/core/pacing/sending-state.ts';
import { queues } from '../../../../functions/core/queues.ts';
import { BATCH_SIZE, queuesOf, queueUrlOutput } from '../../../../lib/queues.ts';
import { stackResources } from '../../aws.ts';
import { type Deployment, output } from '../../deployment.ts';
import { count } from '../../layout.ts';
import { tooFew } from './capacity.ts';
import type { Check, CheckInput, Finding } from './finding.ts';
import { lambdaOf, type Sender } from './lambda.ts';

const check = 'workers';
/** Concurrent executions that the API and the schedule need beside the workers. */
const RESERVE = 10;

/** With `backend=aws`: do the queues trigger their functions, and are there enough of these, but not too many? */
export const triggers: Check = {
  name: check,
  alsoLocal: false,
  examine: async (input) => {
    const { deployment } = input;
    const { limit, mappings, sender } = lambdaOf(deployment);
    const name = output(deployment, 'SendFunctionName');
    const [all, resources, most] = await Promise.all([mappings(), stackResources(deployment), limit()]);
    const inStack = new Set(resources.map(({ physicalId }) => physicalId));
    const sending = all.filter(({ FunctionArn = '' }) => FunctionArn.endsWith(`:function:${name}`));
    const own = all.filter((mapping) => sending.includes(mapping) || inStack.has(mapping.UUID ?? ''));
    const wanted = concurrencyOf(own);
    const options = `maxConcurrency, bulkMaxConcurrency${deployment.outputs.TasksFunctionName ? ', tasksMaxConcurrency' : ''} and webhookMaxConcurrency`;
    const problems = [...switchedOff(sending), ...tooMany(wanted, most, options)];
    const text = `${count(sending.length, 'trigger')} on, up to ${concurrencyOf(sending)} senders at once; all queues together may use ${wanted} of the account's ${most} concurrent executions`;
    const slow = await withRate(
      input,
      () => sender(name),
      ({ memoryMb }, rate) =>
        queuesOf('send').flatMap((queue) => {
          const functions = concurrencyOf(sending.filter((mapping) => reads(mapping, deployment, queue)));
          const option = queues[queue].concurrencyOption;
          const senders = { what: `${queue} email`, functions, inFlight: BATCH_SIZE, memoryMb, option };
          return functions > 0 ? tooFew(senders, rate) : [];
        }),
    );
    return [...orOk(problems, text), ...slow];
  },
};

const consumer = { what: 'email', inFlight: queues.transactional.inFlight, option: 'maxConsumers' };

/** With `backend=redis`: are there enough consumers, but not too many? */
export const consumers: Check = {
  name: check,
  alsoLocal: false,
  examine: async (input) => {
    const { limit, sender } = lambdaOf(input.deployment);
    const found = sender(output(input.deployment, 'RedisConsumerFunctionName', 'SendFunctionName'));
    const [{ maxConsumers }, most] = await Promise.all([found, limit()]);
    const text = `up to ${count(maxConsumers, 'consumer')} at once of the account's ${most} concurrent executions`;
    const slow = await withRate(
      input,
      () => found,
      ({ memoryMb }, rate) => tooFew({ ...consumer, functions: maxConsumers, memoryMb }, rate),
    );
    return [...orOk(tooMany(maxConsumers, most, 'maxConsumers'), text), ...slow];
  },
};

const orOk = (findings: readonly Finding[], text: string): readonly Finding[] =>
  findings.length > 0 ? findings : [{ check, level: 'ok', text }];

/** The findings about the rate that SES allows this deployment; none while it has not been asked. */
async function withRate(
  { backend }: CheckInput,
  sender: () => Promise<Sender>,
  examine: (sender: Sender, ratePerSecond: number) => Finding[],
): Promise<Finding[]> {
  const state = await (await backend()).table.get<SendingState>(SENDING_KEY);
  if (!state) return [];
  const known = await sender();
  return examine(known, Math.min(state.ratePerSecond, known.maxSendRate));
}

function switchedOff(sending: readonly EventSourceMappingConfiguration[]): Finding[] {
  if (sending.length === 0)
    return [{ check, level: 'problem', text: 'no queue triggers the send function', advice: 'npx cdk deploy' }];
  const off = sending.filter(({ State = '' }) => !/^(Enabled|Enabling|Updating)$/.test(State));
  return off.map(({ EventSourceArn = '', State }) => ({
    check,
    level: 'problem',
    text: `the trigger of ${EventSourceArn.split(':').at(-1)} is ${State}: nothing is sent from that queue`,
    advice: "enable it in the Lambda console, under the send function's triggers",
  }));
}

function tooMany(wanted: number, limit: number, options: string): Finding[] {
  if (limit >= wanted + RESERVE) return [];
  return [
    {
      check,
      level: 'warning',
      text: `the account runs ${limit} functions at once; the workers may use ${wanted}, and the API and the schedule need about ${RESERVE} beside them: under load requests are answered 503`,
      advice: `ask for more in Service Quotas (Lambda, concurrent executions), or lower ${options}`,
    },
  ];
}

const concurrencyOf = (mappings: readonly EventSourceMappingConfiguration[]): number =>
  mappings.reduce((sum, { ScalingConfig }) => sum + (ScalingConfig?.MaximumConcurrency ?? 0), 0);

/** True for the mapping of this queue; the last part of both the ARN and the URL is the queue's name. */
function reads({ EventSourceArn = '' }: EventSourceMappingConfiguration, { outputs }: Deployment, queue: string) {
  return EventSourceArn.split(':').at(-1) === outputs[queueUrlOutput(queue)]?.split('/').at(-1);
}
