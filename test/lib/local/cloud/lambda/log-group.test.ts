import { describe, expect, it } from 'vitest';
import { createIam } from '../../../../../lib/local/cloud/aws/iam.ts';
import { writingTo } from '../../../../../lib/local/cloud/lambda/log-group.ts';
import type { LocalEvent } from '../../../../../lib/local/cloud/log.ts';

const arn = 'arn:aws:logs:us-east-1:000000000000:log-group:mine:*';
const line: LocalEvent = { kind: 'output', functionName: 'F', instanceId: 'F/1', stream: 'stdout', line: 'hello' };
const failure: LocalEvent = {
  kind: 'invocation-failed',
  functionName: 'F',
  requestId: '1',
  errorType: 'Error',
  errorMessage: 'no',
};

function written(...actions: string[]): { events: LocalEvent[]; denied: string[] } {
  const [events, denied]: [LocalEvent[], string[]] = [[], []];
  const iam = createIam((_function, action) => void denied.push(action));
  iam.addStatements('role', [{ Effect: 'Allow', Action: actions, Resource: arn }]);
  iam.assume('F', 'role');
  const log = writingTo(arn, 'F', iam, (event) => void events.push(event));
  log(line);
  log(failure);
  return { events, denied };
}

describe('the log of a function', () => {
  it('has the lines that its role may write', () => {
    expect(written('logs:CreateLogStream', 'logs:PutLogEvents')).toEqual({ events: [line, failure], denied: [] });
  });

  it.each([
    ['logs:PutLogEvents', 'logs:CreateLogStream'],
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
  ])('loses them with %s alone, and says what is missing; what the cloud itself tells stays', (has, lacks) => {
    expect(written(has)).toEqual({ events: [failure], denied: [lacks] });
  });
});
