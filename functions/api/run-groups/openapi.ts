import { id, input, object, operation, orNull, request, text, time, whole } from '../openapi/parts.ts';
import { createGroupSchema, describedPieceSchema } from './schema.ts';

const group = object({
  object: { const: 'run_group' },
  id: text,
  closed: { type: 'boolean', description: 'True when all members are accepted' },
  total: { ...whole, description: 'Members accepted so far' },
  succeeded: whole,
  failed: { ...whole, description: 'Failed, canceled or expired' },
  created_at: time,
  finished_at: orNull(time),
  // biome-ignore lint/suspicious/noThenProperty: the name of a property in JSON Schema
  then: orNull(object({ task: text, run_id: text })),
});

/** The paths under `/run-groups`. */
export const runGroupPaths = () => ({
  '/run-groups': {
    post: operation(
      'createRunGroup',
      'Create a group of runs; its members come in pieces',
      object({ object: { const: 'run_group' }, id: text }),
      {
        requestBody: { required: false, content: { 'application/json': { schema: input(createGroupSchema) } } },
        errors: [404],
      },
      '201',
    ),
  },
  '/run-groups/{id}': { parameters: [id], get: operation('getRunGroup', 'A group and its counts', group) },
  '/run-groups/{id}/members': {
    parameters: [id],
    post: operation(
      'addRunGroupMembers',
      'Run a piece of the members; the same piece may be sent again',
      object({ object: { const: 'run_group' }, id: text, runs: { type: 'array', items: object({ id: text }) } }),
      {
        ...request(input(describedPieceSchema), {
          first: 0,
          calls: [{ task: 'notification.send', args: { userId: 'u1' } }],
        }),
        errors: [409],
      },
      '202',
    ),
  },
  '/run-groups/{id}/close': {
    parameters: [id],
    post: operation('closeRunGroup', 'End the accept: `then` runs when all members have ended', group, {
      errors: [409],
    }),
  },
});
