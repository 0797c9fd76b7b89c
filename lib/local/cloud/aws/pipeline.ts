import type { LocalLog } from '../log.ts';
import { type AwsAnswer, type AwsCall, type AwsService, callerName } from './call.ts';
import type { CallCounter } from './calls.ts';
import type { FaultEffect, FaultSource } from './faults.ts';
import type { Iam } from './iam.ts';

/** The parts that process an AWS call. */
export type PipelineParts = {
  services: Map<string, AwsService>;
  iam: Iam;
  faults: FaultSource;
  calls: CallCounter;
  log: LocalLog;
  /** SIGKILL of one instance of a function. */
  killInstance: (instanceId: string) => void;
  /** A call was executed: a queue may be empty now. */
  onDone: () => void;
  onCall?: OnCall | undefined;
};

/** A call that was executed; times are epoch ms with fractions. */
export type ExecutedCall = { call: AwsCall; answer: AwsAnswer; startedAtMs: number; endedAtMs: number };

/** Receives each executed call, before its caller gets the answer. */
export type OnCall = (executed: ExecutedCall) => void;

const nowMs = () => performance.timeOrigin + performance.now();

/** The caller never gets an answer: its socket is destroyed. */
export class AnswerLostError extends Error {
  override name = 'AnswerLostError';
}

/** Counts, checks, faults and executes one call; throws AnswerLostError when a fault swallows the answer. */
export type Pipeline = (call: AwsCall) => Promise<AwsAnswer>;

/** Creates the pipeline that processes every AWS call. */
export function createPipeline(parts: PipelineParts): Pipeline {
  return async (call) => {
    const service = parts.services.get(call.service);
    if (!service) throw new Error(`The local cloud has no service ${call.service}`);
    parts.calls.count(call);
    const before = await applyFault(parts, service, call, 'before');
    if (before) return before;
    const denied = checkPermissions(parts, service, call);
    if (denied) return denied;
    const startedAtMs = nowMs();
    const answer = await execute(parts, service, call);
    parts.onCall?.({ call, answer, startedAtMs, endedAtMs: nowMs() });
    parts.onDone();
    if (answer.status >= 400) logRejection(parts.log, call, answer);
    return (await applyFault(parts, service, call, 'after')) ?? answer;
  };
}

/** Logs a rejected call with its reason: callers often log the error's name alone. A failed condition is no error. */
function logRejection(log: LocalLog, call: AwsCall, answer: AwsAnswer): void {
  const message = answer.body.toString().slice(0, 500);
  if (message.includes('ConditionalCheckFailedException')) return;
  const { service, action } = call;
  log({ kind: 'rejected', functionName: callerName(call.caller), service, action, status: answer.status, message });
}

async function execute(parts: PipelineParts, service: AwsService, call: AwsCall): Promise<AwsAnswer> {
  try {
    return await service.handle(call);
  } catch (error) {
    parts.log({ kind: 'emulator-error', service: call.service, action: call.action, error });
    return service.error(500, 'InternalFailure', `The local ${call.service} failed: ${String(error)}`);
  }
}

function checkPermissions(parts: PipelineParts, service: AwsService, call: AwsCall): AwsAnswer | undefined {
  if (call.caller.kind === 'operator') return undefined;
  const { functionName } = call.caller;
  for (const check of service.permissions(call)) {
    const verdict = parts.iam.check(functionName, check);
    if (verdict.allowed) continue;
    const { resource, reason } = verdict;
    const message = `User: function ${functionName} is not authorized to perform: ${check.action} on resource: ${resource} because ${reason}`;
    return service.error(service.deniedStatus, service.deniedCode, message);
  }
  return undefined;
}

async function applyFault(
  parts: PipelineParts,
  service: AwsService,
  call: AwsCall,
  when: 'before' | 'after',
): Promise<AwsAnswer | undefined> {
  const effect = parts.faults.take(call, when);
  if (!effect) return undefined;
  const functionName = callerName(call.caller);
  parts.log({ kind: 'fault', functionName, service: call.service, action: call.action, effect: effect.kind, when });
  return await perform(parts, service, call, effect);
}

async function perform(parts: PipelineParts, service: AwsService, call: AwsCall, effect: FaultEffect) {
  if (effect.kind === 'error') return service.error(effect.status, effect.code, effect.message);
  if (effect.kind === 'hold') {
    await effect.until;
    return undefined;
  }
  if (effect.kind === 'kill' && call.caller.kind === 'function' && call.caller.instanceId) {
    parts.killInstance(call.caller.instanceId);
  }
  throw new AnswerLostError(`${effect.kind}: ${call.service} ${call.action}`);
}
