import { describe, expect, it } from 'vitest';
import type { SeriesRequest } from '../../../../functions/core/ports/series.ts';
import { type ApiClient, createApiClient } from '../../../helpers/api-client.ts';

const HOUR_MS = 3_600_000;

async function setUp(failure?: Error) {
  const asked: SeriesRequest[] = [];
  const read = async (request: SeriesRequest) => {
    asked.push(request);
    if (failure) throw failure;
    return new Map(request.names.map((name) => [name, new Map([[request.fromMs, 5]])]));
  };
  const operations = { inspection: () => Promise.reject(new Error()), series: { read, ages: async () => new Map() } };
  const client = await createApiClient(undefined, { operations });
  const ask = (query: string) => client.ask('GET', `/emails/metrics?dimensions=period${query}`);
  const sum = (query: string) => client.ask('GET', `/emails/metrics?${query}`);
  return { client, asked, ask, sum };
}

const startOf = ({ clock }: ApiClient, ms: number) => new Date(Math.floor(clock.nowMs / ms) * ms).toISOString();

describe('numbers over time', () => {
  it('have a value for each period, in the shape of Resend', async () => {
    const { ask } = await setUp();
    const { status, body } = await ask(
      '&granularity=hourly&start_date=2026-11-21T09:30:00Z&end_date=2026-11-21T11:10:00Z&metrics=sent,send_time_p50',
    );
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        object: 'metrics',
        start_date: '2026-11-21T09:00:00.000Z',
        end_date: '2026-11-21T12:00:00.000Z',
        metrics: ['sent', 'send_time_p50'],
        dimensions: ['period'],
        granularity: 'hourly',
        totals: { sent: 5 },
        data: [
          { period: '2026-11-21T09:00:00.000Z', sent: 5, send_time_p50: 5 },
          { period: '2026-11-21T10:00:00.000Z', sent: 0, send_time_p50: null },
          { period: '2026-11-21T11:00:00.000Z', sent: 0, send_time_p50: null },
        ],
        note: null,
      },
    });
  });

  it.each([
    ['minute', 180],
    ['five_minutes', 288],
    ['hourly', 144],
    ['daily', 7],
  ])('by %s reach back %d periods unless asked otherwise, and are of everything', async (granularity, periods) => {
    const { client, ask } = await setUp();
    const { body } = await ask(`&granularity=${granularity}`);
    expect(body.data).toHaveLength(periods);
    expect(body.metrics).toHaveLength(11);
    expect(Date.parse(body.end_date)).toBeGreaterThanOrEqual(client.clock.nowMs);
  });

  it('are of the API that the request came through', async () => {
    const { client, asked } = await setUp();
    const request = new Request('http://api.example/emails/metrics?dimensions=period', {
      headers: { authorization: 'Bearer so_full' },
    });
    await client.app.fetch(request, { event: { requestContext: { apiId: 'a1' } } });
    expect(asked[0]?.api).toEqual({ id: 'a1' });
  });

  it('are none, with a note, if CloudWatch throttles, denies or is silent', async () => {
    const { client, ask } = await setUp(new Error('AccessDenied'));
    const { status, body } = await ask('&granularity=minute&metrics=sent');
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { data: [], totals: {}, metrics: ['sent'], note: expect.stringContaining('CloudWatch') },
    });
    expect(client.logged).toMatchObject([{ level: 'warn', message: 'metrics not readable' }]);
  });

  it('end now, though a later end is asked for', async () => {
    const { client, ask } = await setUp();
    const { body } = await ask('&granularity=hourly&start_date=2026-11-21T10:00:00Z&end_date=2026-11-30');
    expect(body.end_date).toBe(startOf(client, HOUR_MS));
  });

  it('are summed up for weeks, and for months and days of a time zone, from days or hours', async () => {
    const { asked, ask } = await setUp();
    const periodsOf = async (query: string) => {
      const { body } = await ask(query);
      return [asked.at(-1)?.granularity, ...body.data.map(({ period }: { period: string }) => period), body.end_date];
    };
    const midnight = (day: string) => `2026-${day}T00:00:00.000Z`;
    expect(await periodsOf('&granularity=weekly&start_date=2026-11-04&end_date=2026-11-10')).toEqual([
      ...['daily', midnight('11-02'), midnight('11-09'), midnight('11-16')],
    ]);
    const inBerlin = '&timezone=europe/berlin';
    // The clocks change on 2026-10-25: that day has 25 hours.
    expect(await periodsOf(`&start_date=2026-10-25&end_date=2026-10-27${inBerlin}`)).toEqual([
      ...['hourly', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z', '2026-10-26T23:00:00.000Z'],
    ]);
    expect(await periodsOf(`&granularity=monthly&start_date=2026-10-20&end_date=2026-11-02${inBerlin}`)).toEqual([
      ...['hourly', '2026-09-30T22:00:00.000Z', '2026-10-31T23:00:00.000Z', '2026-11-30T23:00:00.000Z'],
    ]);
    const { body } = await ask('&granularity=weekly');
    expect(body.metrics).toHaveLength(7);
    expect(body.totals.sent).toBe(5);
  });

  it('are one sum of all emails without dimensions, as the resend client asks by default', async () => {
    const { asked, sum } = await setUp();
    const { body } = await sum('start_date=2026-11-20T08:30:00Z&metrics=sent,delivered');
    expect(asked[0]).toMatchObject({ granularity: 'hourly', fromMs: Date.parse('2026-11-20T08:00:00Z') });
    expect(body).toMatchObject({ dimensions: [], granularity: 'daily', totals: { sent: 5, delivered: 5 }, note: null });
    expect(body).not.toHaveProperty('data');
    await sum('start_date=2025-12-01');
    expect(asked[1]?.granularity).toBe('daily');
  });

  it.each([
    ['&granularity=yearly', '`granularity`'],
    ['&granularity=weekly&metrics=send_time_p50', '`metrics`'],
    ['&timezone=Mars/Olympus', '`timezone`'],
    ['&timezone=Asia/Kolkata', '`timezone`'],
    ['&granularity=monthly&timezone=Europe/Berlin&start_date=2025-11-01', '`start_date`'],
    ['&email_id=0193a0f5-0000-4000-8000-000000000000', '`email_id`'],
    ['&metrics=opened', '`metrics`'],
    ['&metrics=', '`metrics`'],
    ['&dimensions=broadcast', '`dimensions`'],
    ['&broadcast_id=0193a0f5-0000-4000-8000-000000000000', '`broadcast_id`'],
    ['&domain_id=d', '`domain_id`'],
    ['&granularity=minute&start_date=2026-11-01', '`start_date`'],
    ['&start_date=2026-11-21&end_date=2026-11-20', '`start_date`'],
    ['&end_date=soon', '`end_date`'],
    ['&since=2026', '`since`'],
  ])('are refused for %j with an error that names the parameter', async (query, parameter) => {
    const { ask } = await setUp();
    const { status, body } = await ask(query);
    expect({ status, name: body.name }).toEqual({ status: 422, name: 'validation_error' });
    expect(body.message).toContain(parameter);
  });
});
