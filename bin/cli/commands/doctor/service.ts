import { output } from '../../deployment.ts';
import { duration } from '../../layout.ts';
import type { Check } from './finding.ts';

const HEALTH_TIMEOUT_MS = 10_000;

export const stack: Check = {
  name: 'stack',
  alsoLocal: false,
  examine: async ({ deployment: { stackName, status = 'unknown' } }) => [
    /^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)
      ? { check: 'stack', level: 'ok', text: `${stackName} is ${status}` }
      : {
          check: 'stack',
          level: /FAILED|ROLLBACK/.test(status) ? 'problem' : 'warning',
          text: `${stackName} is ${status}`,
          advice: 'the events of the stack in the CloudFormation console say why',
        },
  ],
};

export const api: Check = {
  name: 'api',
  alsoLocal: true,
  examine: async ({ deployment }) => {
    const url = `${output(deployment, 'ApiUrl')}/health`;
    const startedAtMs = performance.now();
    const { status } = await fetch(url, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
    if (status === 200)
      return [{ check: 'api', level: 'ok', text: `answers in ${duration(performance.now() - startedAtMs)}` }];
    const advice = 'its log: sendoff tail --since 1h --only api --level error';
    return [{ check: 'api', level: 'problem', text: `GET /health answers ${status}`, advice }];
  },
};
