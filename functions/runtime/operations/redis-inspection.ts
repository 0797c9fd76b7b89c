import { createRedisInspection } from '../../adapters/redis/inspection.ts';
import { together } from '../../core/inspection/together.ts';
import type { Inspection } from '../../core/ports/inspection.ts';
import type { Table } from '../../core/ports/table.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import type { Environment } from '../env.ts';
import { redisFromEnvironment } from '../redis.ts';
import { tasksRedisFromEnvironment } from '../tasks/tasks-redis.ts';
import { sqsInspectionFromEnvironment } from './sqs-inspection.ts';

/** Inspects the queues in Redis, those of the tasks too if there are any, and the events of SES on SQS. */
export function redisInspectionFromEnvironment(table: Table, log: Logger, env: Environment = process.env): Inspection {
  const clients = [
    redisFromEnvironment(log, env),
    ...(env.TASKS_CONSUMER_FUNCTION ? [tasksRedisFromEnvironment(log, env)] : []),
  ];
  return together(...clients.map((client) => createRedisInspection(client)), sqsInspectionFromEnvironment(table, env));
}
