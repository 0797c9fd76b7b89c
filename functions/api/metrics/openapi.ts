import { metricNames } from '../../core/inspection/outcome-metrics.ts';
import { countNames, seriesNames, timeNames } from '../../core/ports/series.ts';
import { dateOrTime, object, operation, orNull, query, type Schema, text, time } from '../openapi/parts.ts';
import { MOST_PERIODS, periodGranularities } from './parse-periods.ts';
import { dimensionNames } from './request.ts';

const number = { type: 'number', minimum: 0 };
const dimensions = { enum: dimensionNames };
const names = [...new Set([...metricNames, ...seriesNames])];
const times = Object.fromEntries(timeNames.map((name) => [name, orNull(number)]));
const sums = Object.fromEntries([...metricNames, ...countNames].map((name) => [name, number]));
const many = (name: string, description: string, items: Schema, maxItems: number) => ({
  ...query(name, description, { type: 'array', items, maxItems }),
  style: 'form',
  explode: false,
});
const answer = object({
  object: { const: 'metrics' },
  start_date: time,
  end_date: time,
  metrics: { type: 'array', items: { enum: names } },
  dimensions: { type: 'array', items: dimensions },
  granularity: text,
  totals: { type: 'object', properties: sums },
});

/** The path `/emails/metrics`. */
export const metricsPaths = () => ({
  '/emails/metrics': {
    get: operation(
      'getMetrics',
      'Numbers of all emails, with `dimensions=period` over time; metrics of broadcasts or of single emails, together, one by one and by the domain of their sender. Rates are parts of 1, times are in ms',
      {
        ...answer,
        properties: {
          ...answer.properties,
          data: {
            type: 'array',
            items: {
              type: 'object',
              properties: {
                period: time,
                ...{ domain_id: text, domain_name: text, email_id: text, broadcast_id: text, broadcast_name: text },
                ...sums,
                ...times,
              },
            },
          },
          note: { ...orNull(text), description: 'Why there are no numbers' },
        },
      },
      {
        parameters: [
          query(
            'start_date',
            `The first period, ${MOST_PERIODS} at most, or: broadcasts that began to be sent from then on, emails accepted from then on. If absent, six days before the end; for \`five_minutes\` one day, for \`minute\` three hours; for what is named, all time`,
            dateOrTime,
          ),
          query('end_date', 'The last period, or: broadcasts and emails until then', dateOrTime),
          query(
            'granularity',
            'Of periods; `minute` and `five_minutes` are not Resend’s. Without effect for broadcasts and single emails',
            { enum: periodGranularities },
          ),
          query('timezone', 'Of periods of a day or more, and of dates without a time: an IANA name; UTC if absent'),
          many('metrics', `All if absent. Those of all emails are ${seriesNames.join(', ')}`, { enum: names }, 100),
          many(
            'dimensions',
            '`period` is alone; `email` needs `email_id`; `domain` needs broadcasts or `email_id`',
            dimensions,
            100,
          ),
          many('email_id', 'Only these emails', { ...text, format: 'uuid' }, 100),
          many('broadcast_id', 'Only these broadcasts', { ...text, format: 'uuid' }, 100),
          many(
            'domain_id',
            'Only what the senders of these domains sent; of broadcasts, or with `email_id`',
            { ...text, format: 'uuid' },
            100,
          ),
        ],
        errors: [422],
      },
    ),
  },
});
