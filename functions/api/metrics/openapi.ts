import { metricNames } from '../../core/broadcast/counting/metrics.ts';
import { object, operation, text, time } from '../openapi/parts.ts';

const number = { type: 'number', minimum: 0 };
const values = Object.fromEntries(metricNames.map((name) => [name, number]));
const date = { anyOf: [time, { type: 'string', format: 'date' }] };
const query = (name: string, description: string, schema: object) => ({ name, in: 'query', description, schema });
const many = (name: string, description: string, items: object, maxItems: number) => ({
  ...query(name, description, { type: 'array', items, maxItems }),
  style: 'form',
  explode: false,
});
const answer = object({
  object: { const: 'metrics' },
  start_date: time,
  end_date: time,
  metrics: { type: 'array', items: { enum: metricNames } },
  dimensions: { type: 'array', items: { const: 'broadcast' } },
  granularity: text,
  totals: { type: 'object', properties: values },
});

/** The path `/emails/metrics`. */
export const metricsPaths = () => ({
  '/emails/metrics': {
    get: operation(
      'getMetrics',
      'Metrics of broadcasts, together and with `dimensions=broadcast` one by one; rates are parts of 1',
      {
        ...answer,
        properties: {
          ...answer.properties,
          data: {
            type: 'array',
            items: { type: 'object', properties: { broadcast_id: text, broadcast_name: text, ...values } },
          },
        },
      },
      {
        parameters: [
          query('start_date', 'Broadcasts that began to be sent from then on; six days before the end if absent', date),
          query('end_date', 'Broadcasts that began to be sent until then', date),
          query('granularity', 'Without effect', { enum: ['hourly', 'daily', 'weekly', 'monthly'] }),
          query('timezone', 'Without effect', text),
          many('metrics', 'All if absent', { enum: metricNames }, 100),
          many('dimensions', 'Needed without `broadcast_id`', { const: 'broadcast' }, 100),
          many('broadcast_id', 'Only these broadcasts', { ...text, format: 'uuid' }, 100),
        ],
        errors: [422],
      },
    ),
  },
});
