import { expect, it } from 'vitest';
import type { TimelineEvent } from '../../../../../../functions/console/pages/emails/answers.ts';
import { stepsOf } from '../../../../../../functions/console/pages/emails/one-email/timeline-steps.ts';

const at = (second: number) => `2026-11-21T12:00:0${second}.000Z`;
const queued: TimelineEvent = { type: 'email.queued', created_at: at(0) };
const sent: TimelineEvent = { type: 'email.sent', created_at: at(1) };
const delivered = (recipient: string, second: number): TimelineEvent => ({
  ...{ type: 'email.delivered', created_at: at(second), recipient, reason: '250 ok' },
});

it('shows the steps of one recipient in a row, with the time between them', () => {
  const [group, ...others] = stepsOf([queued, sent, delivered('a@b.c', 3)], ['A <a@b.c>']);
  expect(others).toEqual([]);
  expect(group?.recipient).toBeUndefined();
  expect(group?.steps.map(({ type, afterMs }) => [type, afterMs])).toEqual([
    ['queued', undefined],
    ['sent', 1_000],
    ['delivered', 2_000],
  ]);
});

it('shows those of several recipients by recipient, each from the send on', () => {
  const groups = stepsOf([queued, sent, delivered('a@b.c', 3), delivered('d@e.f', 2)], ['a@b.c', 'd@e.f']);
  expect(groups.map(({ recipient, steps }) => [recipient, steps.map(({ afterMs }) => afterMs)])).toEqual([
    [undefined, [undefined, 1_000]],
    ['a@b.c', [2_000]],
    ['d@e.f', [1_000]],
  ]);
});

it('tells no time between steps that clocks put in the wrong order', () => {
  const [group] = stepsOf([sent, delivered('a@b.c', 0)], ['a@b.c']);
  expect(group?.steps.at(-1)?.afterMs).toBeUndefined();
});
