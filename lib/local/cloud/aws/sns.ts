import type { Fauxqs } from '../emulators/fauxqs.ts';
import type { AwsService } from './call.ts';
import { plainHeaders, queryError } from './wire.ts';

/** SNS's Query API over fauxqs. */
export function createSnsService(fauxqs: Fauxqs): AwsService {
  return {
    name: 'sns',
    actionOf: (request) => formOf(request.body).get('Action') ?? undefined,
    permissions: (call) => {
      const form = formOf(call.body);
      const action = call.action === 'PublishBatch' ? 'Publish' : call.action;
      return [{ action: `sns:${action}`, resources: [form.get('TopicArn') ?? form.get('TargetArn') ?? '*'] }];
    },
    error: queryError,
    deniedStatus: 403,
    deniedCode: 'AuthorizationError',
    handle: async (call) => {
      const answer = await fauxqs.inject({ method: 'POST', url: '/', headers: call.headers, payload: call.body });
      return { status: answer.status, headers: plainHeaders(answer.headers), body: answer.body };
    },
  };
}

function formOf(body: Buffer): URLSearchParams {
  return new URLSearchParams(body.toString());
}
