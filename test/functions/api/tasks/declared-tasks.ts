import type { TaskDescription, TaskManifest } from '../../../../functions/core/run/definition/manifest.ts';

/** A task with the defaults. */
export function described(name: string, more: Partial<TaskDescription> = {}): TaskDescription {
  return {
    name,
    priority: 'transactional',
    keep: true,
    keepDays: 7,
    timeoutSeconds: 30,
    retry: { attempts: 5, backoff: 'exponential', delaySeconds: 2, maxDelaySeconds: 900 },
    ...more,
  };
}

/** The tasks that the tests of the API call. */
export const manifest: TaskManifest = {
  tasks: [
    described('notification.send', {
      rateLimit: { perSecond: 20 },
      concurrency: 50,
      args: {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        properties: {
          userId: { type: 'string', minLength: 1, maxLength: 10 },
          times: { type: 'integer', minimum: 1, maximum: 5 },
          kind: { enum: ['mail', 'push'] },
          tags: {
            type: 'array',
            maxItems: 2,
            items: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
          },
        },
        required: ['userId'],
        additionalProperties: false,
      },
    }),
    described('users.count', { priority: 'bulk' }),
    described('cache.warm', { keep: false }),
    described('report.weekly', { cron: { expression: '0 6 * * MON', timeZone: 'Europe/Berlin' } }),
    described('table.sweep', { cron: { everySeconds: 300 } }),
  ],
};
