import { describe, expect, it } from 'vitest';
import type { SendoffProps } from '../../../../lib/sendoff.ts';
import { sendoffTemplate } from '../../../helpers/sendoff-template.ts';

interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly metrics?: unknown[];
    readonly query?: string;
  };
}

/** The widgets of the template, with every reference replaced by its logical id. */
function widgetsOf(props: SendoffProps = {}): Widget[] {
  const [dashboard] = Object.values(sendoffTemplate(props).template.findResources('AWS::CloudWatch::Dashboard'));
  if (!dashboard) throw new Error('no dashboard');
  const [, parts] = dashboard.Properties.DashboardBody['Fn::Join'] as [string, unknown[]];
  const text = (part: unknown) =>
    typeof part === 'string'
      ? part
      : Object.values(part as object)
          .flat()
          .join('.');
  return JSON.parse(parts.map(text).join('')).widgets;
}

const widgets = widgetsOf();
const topDown = widgets.toSorted((a, b) => a.y - b.y || a.x - b.x);

describe('the dashboard', () => {
  it('shows, from top to bottom, the way of an email', () => {
    const headings = topDown.flatMap(
      ({ properties }) => /^#+ (?:\d\. )?(\S+)/.exec(properties.markdown ?? '')?.[1] ?? [],
    );
    expect(headings).toEqual(['Shop/Mail', 'Accept', 'Wait', 'Send', 'Broadcasts', 'Deliver', 'Errors']);
    expect(topDown[1]).toMatchObject({ type: 'alarm', properties: { title: 'Alarms' } });
    expect(topDown.at(-1)).toMatchObject({ type: 'log' });
  });

  it('has rows as wide as the page', () => {
    const widthOf = new Map<number, number>();
    for (const { y, width } of widgets) widthOf.set(y, (widthOf.get(y) ?? 0) + width);
    expect([...new Set(widthOf.values())]).toEqual([24]);
  });

  it('has no empty graph', () => {
    for (const { type, properties } of widgets)
      if (type === 'metric') expect(properties.metrics?.length).toBeGreaterThan(0);
  });

  it.each<[string, SendoffProps, RegExp]>([
    ['an HTTP API', {}, /"ApiId","MailHttpApi/],
    ['a REST API', { api: 'rest' }, /"ApiName","Shop-Mail-Rest/],
  ])('shows the requests of %s', (_kind, props, expected) => {
    expect(JSON.stringify(widgetsOf(props))).toMatch(expected);
  });

  it('shows the metrics that the watchdog publishes about queues in Redis, and those of the queue in SQS', () => {
    const redis = widgetsOf({ backend: 'redis', redisSecret: 'upstash' });
    const metricsOf = (title: RegExp) =>
      JSON.stringify(redis.find(({ properties }) => title.test(properties.title ?? ''))?.properties.metrics);
    for (const queue of ['transactional', 'bulk', 'webhook', 'webhook-slow']) {
      expect(metricsOf(/^Jobs: waiting/)).toContain(`"Sendoff","Jobs","Deployment","Shop/Mail","Queue","${queue}"`);
      expect(metricsOf(/^Age of the oldest/)).toContain(`"OldestJobAge","Deployment","Shop/Mail","Queue","${queue}"`);
    }
    expect(metricsOf(/^Age of the oldest/)).toContain('"AWS/SQS","ApproximateAgeOfOldestMessage"');
    expect(metricsOf(/^Dead letters/)).toMatch(/"Sendoff","DeadLetters","Deployment","Shop\/Mail".*"AWS\/SQS"/);
  });

  it('queries the logs of every function', () => {
    const functions = sendoffTemplate().template.findResources('AWS::Lambda::Function');
    const { query = '' } = topDown.at(-1)?.properties ?? {};
    for (const { Properties } of Object.values(functions))
      expect(query).toContain(Properties.LoggingConfig.LogGroup.Ref);
  });
});
