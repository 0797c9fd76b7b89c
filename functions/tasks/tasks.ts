/** The public entry `sendoff/tasks`. It imports nothing but itself: the ways to a deployment are loaded when they are used. */

export { setTransport } from '../core/run/accept/chosen-transport.ts';
export type { GroupRequest, RunRequest, Transport } from '../core/run/accept/transport.ts';
export type { RunContext, RunEmail, RunLog, TaskOptions } from '../core/run/definition/definition.ts';
export type { RateLimit, RunPriority } from '../core/run/definition/manifest.ts';
export type { StandardSchemaV1 } from '../core/run/definition/standard-schema.ts';
export type { RunError } from '../core/run/run.ts';
export { DoNotRetry, RetryAfter } from '../core/run/run-error.ts';
export type { CallOptions } from './call.ts';
export { type Call, type CronOptions, cron, isUserTask, task, type UserTask } from './definition.ts';
export { type Chain, chain, type Group, type GroupOptions, type GroupOutcome, group } from './group.ts';
