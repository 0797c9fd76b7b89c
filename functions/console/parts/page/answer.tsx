import type { ComponentChildren } from 'preact';
import type { Poll } from '../../api/poll.ts';
import { ErrorNotice } from './notice.tsx';

interface AnswerProps<T> {
  readonly poll: Poll<T>;
  /** Shown if there is no such record: an EmptyState. */
  readonly missing?: ComponentChildren;
  /** Lines of the skeleton: about as high as the content. */
  readonly lines?: number;
  /** Renders the answer, and all that follows it in the page: that would move when the answer comes. */
  readonly children?: (answer: T) => ComponentChildren;
}

/** The content of a record: a skeleton while the first answer is awaited, then the answer, and why a request failed. */
export function Answer<T>({ poll: { data, error, refresh }, missing, lines, children }: AnswerProps<T>) {
  const answer = data.value;
  if (missing && answer === undefined && error.value?.status === 404) return <>{missing}</>;
  return (
    <>
      {error.value && <ErrorNotice error={error.value} retry={refresh} />}
      {answer !== undefined ? children?.(answer) : !error.value && <Skeleton lines={lines} />}
    </>
  );
}

/** Keeps the place of text that is awaited. */
export function Skeleton({ lines = 12 }: { lines?: number | undefined }) {
  return (
    <div class="skeleton" aria-busy="true">
      <span class="unseen">Loading…</span>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} class="placeholder" />
      ))}
    </div>
  );
}
