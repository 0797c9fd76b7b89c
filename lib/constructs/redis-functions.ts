import { Policy, type PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { invoking } from './permissions.ts';
import type { RedisAccess } from './redis-access.ts';
import { WorkerFunction } from './worker-function.ts';

/** Long, so that under load a fresh start is rare; a drainer with nothing to do ends at once. */
const DRAIN_TIMEOUT = Duration.minutes(5);
/** A run ends after 62 s, when the next one has begun. */
const WAKE_TIMEOUT = Duration.seconds(70);
const WAKE_MEMORY_MB = 128;
/** Emails in flight at once in one drainer: they wait for SES, not for the CPU. */
const IN_FLIGHT = 100;
const BULK_IN_FLIGHT = 50;

export interface RedisFunctionsProps {
  readonly config: Config;
  readonly access: RedisAccess;
  readonly configurationSetName: string;
  /** Sending through SES. */
  readonly sending: PolicyStatement;
}

/** What sends and what wakes it, on the redis backend: Lambda has no trigger for Redis. */
export function redisFunctions(
  scope: Construct,
  { config, access, configurationSetName, sending }: RedisFunctionsProps,
): { send: WorkerFunction; schedule: WorkerFunction } {
  const send = new WorkerFunction(scope, 'SendFunction', {
    handler: 'drain',
    description: 'Sends queued emails through Amazon SES until none is left; rung for by who queues one',
    timeout: DRAIN_TIMEOUT,
    memoryMb: config.sendMemoryMb,
    environment: {
      ...access.environment,
      CONFIGURATION_SET: configurationSetName,
      MAX_DRAINERS: String(config.maxDrainers),
      MAX_RECEIVE_COUNT: String(config.maxReceiveCount),
      IN_FLIGHT: String(IN_FLIGHT),
      BULK_IN_FLIGHT: String(BULK_IN_FLIGHT),
    },
    statements: [access.statement, sending],
    runtime: config,
  });
  const schedule = new WorkerFunction(scope, 'ScheduleFunction', {
    handler: 'wake',
    description: 'Rings for the send function when a delayed email is due or a sender died',
    timeout: WAKE_TIMEOUT,
    memoryMb: WAKE_MEMORY_MB,
    environment: { ...access.environment, DRAIN_FUNCTION: send.functionName },
    statements: [access.statement, invoking(send)],
    runtime: config,
  });
  // A policy of its own: the function waits for those its role has by itself, and this one waits for the function.
  const starts = new Policy(scope, 'SendFunctionStarts', { statements: [invoking(send, schedule)] });
  if (send.role) starts.attachToRole(send.role);
  return { send, schedule };
}
