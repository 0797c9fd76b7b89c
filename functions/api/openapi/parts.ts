import * as z from 'zod/mini';

/** A part of the OpenAPI document, or a JSON Schema. */
export type Schema = Record<string, unknown>;

export const json = (schema: Schema) => ({ 'application/json': { schema } });
/** The body of an operation, with an example that the API accepts: people copy it, and the fuzzer starts from it. */
export const request = (schema: Schema, example: unknown) => ({
  requestBody: { required: true, content: { 'application/json': { schema, example } } },
});
export const answer = (description: string, schema: Schema) => ({ description, content: json(schema) });
export const id = { name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } };
export const header = (name: string, description: string, schema: Schema) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema,
});
export const paging = [
  { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 } },
  { name: 'after', in: 'query', description: 'Only what is older than this id', schema: { type: 'string' } },
  { name: 'before', in: 'query', description: 'Only what is newer than this id', schema: { type: 'string' } },
];

export const query = (name: string, description: string, schema: Schema = text) => ({
  name,
  in: 'query',
  description,
  schema,
});

export const text = { type: 'string' };
export const whole = { type: 'integer', minimum: 0 };
export const time = { type: 'string', format: 'date-time' };
export const dateOrTime = { anyOf: [time, { type: 'string', format: 'date' }] };
export const orNull = (schema: Schema) => ({ anyOf: [schema, { type: 'null' }] });
export const object = (properties: Record<string, Schema>) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
});
export const list = (items: Schema) =>
  object({ object: { const: 'list' }, has_more: { type: 'boolean' }, data: { type: 'array', items } });
/** An operation with its successful answer; `withErrors` adds the errors. */
export const operation = (operationId: string, summaryText: string, ok: Schema, more: Schema = {}, status = '200') => ({
  operationId,
  summary: summaryText,
  ...more,
  responses: { [status]: answer('Done', ok) },
});

/** A schema that validates requests, as JSON Schema. */
export function input(schema: z.core.$ZodType): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}
