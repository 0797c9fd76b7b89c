import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { forgetAnswers } from '../../../functions/console/api/answers.ts';
import { createPoll } from '../../../functions/console/api/poll.ts';
import { sessionEnded } from '../../../functions/console/api/request.ts';
import { header, json, pageWithoutBrowser } from './polled-answers.ts';

interface Answer {
  readonly moving: boolean;
}

describe('a poll', () => {
  let page: ReturnType<typeof pageWithoutBrowser>;
  let stop = () => {};

  beforeEach(() => {
    vi.useFakeTimers();
    page = pageWithoutBrowser();
    forgetAnswers();
  });
  afterEach(() => {
    stop();
    sessionEnded.value = false;
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const start = (answer: () => Response, everyMs?: number) => {
    page.fetched.mockImplementation(async () => answer());
    const poll = createPoll<Answer>('/status', { while: ({ moving }) => moving, ...(everyMs && { everyMs }) });
    stop = poll.start();
    return poll;
  };
  const requestsIn = async (ms: number) => {
    page.fetched.mockClear();
    await vi.advanceTimersByTimeAsync(ms);
    return page.fetched.mock.calls.length;
  };

  it('asks below the stage of the API, as the console', async () => {
    start(() => json({ moving: false }));
    await vi.advanceTimersByTimeAsync(0);
    const [url, init] = page.fetched.mock.calls[0] ?? [];
    expect(url).toBe('/prod/status');
    expect(header(init, 'sendoff-console')).toBe('1');
  });

  it('asks every 3 s while something moves, every 15 s otherwise', async () => {
    let moving = true;
    start(() => json({ moving }));
    await vi.advanceTimersByTimeAsync(0);
    expect(await requestsIn(30_000)).toBe(10);
    moving = false;
    await vi.advanceTimersByTimeAsync(3000);
    expect(await requestsIn(60_000)).toBe(4);
  });

  it('asks with the ETag of the latest answer, and keeps that answer when it is unchanged', async () => {
    const poll = start(() => json({ moving: false }, { headers: { etag: '"one"' } }));
    await vi.advanceTimersByTimeAsync(0);
    const first = poll.data.value;
    page.fetched.mockImplementation(async () => new Response(null, { status: 304 }));
    await vi.advanceTimersByTimeAsync(15_000);
    expect(header(page.fetched.mock.calls[1]?.[1], 'if-none-match')).toBe('"one"');
    expect(poll.data.value).toBe(first);
    expect(poll.error.value).toBeUndefined();
  });

  it('doubles its pauses after errors up to two minutes, and goes on with its pace after a success', async () => {
    const poll = start(() => json({ name: 'application_error', message: 'no' }, { status: 500 }));
    await vi.advanceTimersByTimeAsync(0);
    expect(poll.error.value).toMatchObject({ status: 500, name: 'application_error', message: 'no' });
    expect(await requestsIn(30_000)).toBe(1);
    expect(await requestsIn(60_000)).toBe(1);
    expect(await requestsIn(240_000)).toBe(2);
    page.fetched.mockImplementation(async () => json({ moving: false }));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(poll.error.value).toBeUndefined();
    expect(await requestsIn(15_000)).toBe(1);
  });

  it('waits as long as a 429 says', async () => {
    start(() =>
      json({ name: 'rate_limit_exceeded', message: 'slower' }, { status: 429, headers: { 'retry-after': '60' } }),
    );
    await vi.advanceTimersByTimeAsync(0);
    expect(await requestsIn(59_000)).toBe(0);
    expect(await requestsIn(1000)).toBe(1);
  });

  it('asks nothing while the tab is hidden, and at once when it is shown', async () => {
    start(() => json({ moving: true }));
    await vi.advanceTimersByTimeAsync(0);
    page.show(false);
    expect(await requestsIn(3_600_000)).toBe(0);
    page.show(true);
    expect(page.fetched).toHaveBeenCalledTimes(1);
  });

  it('asks nothing after it was stopped', async () => {
    start(() => json({ moving: true }));
    await vi.advanceTimersByTimeAsync(0);
    stop();
    expect(await requestsIn(60_000)).toBe(0);
  });

  it('asks nothing after the session ended, and at once after the next sign-in', async () => {
    start(() => json({ name: 'missing_api_key', message: 'sign in' }, { status: 401 }));
    await vi.advanceTimersByTimeAsync(0);
    expect(sessionEnded.value).toBe(true);
    expect(await requestsIn(600_000)).toBe(0);
    page.fetched.mockImplementation(async () => json({ moving: false }));
    sessionEnded.value = false;
    expect(page.fetched).toHaveBeenCalledTimes(1);
  });

  it('asks again for a refresh while a request is under way, because that may have been answered before the change', async () => {
    const poll = start(() => json({ moving: false }));
    await poll.refresh();
    expect(page.fetched).toHaveBeenCalledTimes(2);
  });
});
