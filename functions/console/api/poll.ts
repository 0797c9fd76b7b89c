import { batch, effect, type ReadonlySignal, signal, untracked } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { keepAnswer, keptAnswer } from './answers.ts';
import { type ApiError, call, sessionEnded } from './request.ts';

/** Polls while something moves, while nothing does, and at most after errors. */
const MOVING_MS = 3000;
const QUIET_MS = 15_000;
const MAX_BACK_OFF_MS = 120_000;

export interface PollOptions<T> {
  /** Milliseconds between two polls while nothing moves; 15,000 by default. */
  readonly everyMs?: number;
  /** Whether the answer will change soon: polls every 3 s while it returns true. */
  readonly while?: (answer: T) => boolean;
  /** Goes on showing the answer of the path before until the first answer of a new path. */
  readonly keep?: boolean;
}

export interface Poll<T> {
  /** The latest answer; undefined until the first. */
  readonly data: ReadonlySignal<T | undefined>;
  /** Why the latest request failed; undefined after a success. */
  readonly error: ReadonlySignal<ApiError | undefined>;
  /** Asks now. */
  readonly refresh: () => Promise<void>;
}

/**
 * Keeps an answer of the API current while the component is mounted and the tab is visible. An undefined path asks nothing.
 * The options' functions may change with each render; the path and `everyMs` start a new poll when they change.
 */
export function usePoll<T>(path: string | undefined, options: PollOptions<T> = {}): Poll<T> {
  const latest = useRef(options);
  const before = useRef<Poll<T> | undefined>(undefined);
  latest.current = options;
  const poll = useMemo(() => {
    const kept = options.keep ? before.current?.data.peek() : undefined;
    return createPoll<T>(path, { ...options, while: (answer) => latest.current.while?.(answer) ?? false }, kept);
  }, [path, options.everyMs]);
  before.current = poll;
  useEffect(() => poll.start(), [poll]);
  return poll;
}

/** A poll that runs between `start()` and the call of the function which that returns. */
export function createPoll<T>(
  path: string | undefined,
  options: PollOptions<T>,
  before?: T | undefined,
): Poll<T> & { start(): () => void } {
  const data = signal((path === undefined ? undefined : (keptAnswer(path)?.body as T | undefined)) ?? before);
  const error = signal<ApiError | undefined>(undefined);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let running = false;
  let asking: Promise<void> | undefined;

  const waitMs = () => {
    const quietMs = options.everyMs ?? QUIET_MS;
    if (failures > 0) {
      const backOffMs = Math.min(MAX_BACK_OFF_MS, quietMs * 2 ** failures);
      return Math.max(backOffMs, (error.value?.retryAfterSeconds ?? 0) * 1000);
    }
    const moving = data.value !== undefined && options.while?.(data.value);
    return moving ? Math.min(MOVING_MS, quietMs) : quietMs;
  };
  const ask = async (asked: string) => {
    const kept = keptAnswer(asked);
    try {
      const answer = await call('GET', asked, undefined, kept?.etag);
      failures = 0;
      if (!answer.unchanged) keepAnswer(asked, answer);
      batch(() => {
        error.value = undefined;
        data.value = (answer.unchanged ? kept?.body : answer.body) as T;
      });
    } catch (failure) {
      failures += 1;
      error.value = failure as ApiError;
    }
  };
  const plan = () => {
    clearTimeout(timer);
    // A refused session is not asked again before the next sign-in.
    if (running && !document.hidden && !sessionEnded.value) timer = setTimeout(askOnce, waitMs());
  };
  const askOnce = async () => {
    if (path === undefined) return;
    clearTimeout(timer);
    asking ??= ask(path).finally(() => {
      asking = undefined;
      plan();
    });
    return asking;
  };
  // A request under way may have been answered before the change that the caller wants to see.
  const refresh = async () => {
    await asking;
    await askOnce();
  };
  const onVisibility = () => (document.hidden ? clearTimeout(timer) : void askOnce());
  const start = () => {
    if (path === undefined) return () => {};
    running = true;
    document.addEventListener('visibilitychange', onVisibility);
    const stopFollowing = effect(() => {
      if (!sessionEnded.value && !document.hidden) untracked(() => void askOnce());
    });
    return () => {
      running = false;
      clearTimeout(timer);
      stopFollowing();
      document.removeEventListener('visibilitychange', onVisibility);
    };
  };
  return { data, error, refresh, start };
}
