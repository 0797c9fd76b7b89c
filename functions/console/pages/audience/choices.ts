import { computed, type ReadonlySignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { ListAnswer } from '../../api/pages.ts';
import { usePoll } from '../../api/poll.ts';
import type { Property, Segment, Topic } from './answers.ts';

/** Names change seldom. */
const EVERY_MS = 60_000;

/** The newest 100 of a list, for a choice or for names; undefined until they are known. */
function useChoices<T>(path: string): ReadonlySignal<readonly T[] | undefined> {
  const { data } = usePoll<ListAnswer<T>>(path, { everyMs: EVERY_MS });
  return useMemo(() => computed(() => data.value?.data), [data]);
}

export const useSegments = () => useChoices<Segment>('/segments?limit=100');
/** All of them: the API pages only when it is asked to. */
export const useTopics = () => useChoices<Topic>('/topics');
export const useProperties = () => useChoices<Property>('/contact-properties?limit=100');

/** The name that belongs to an id; the beginning of the id while it is not known. */
export const nameIn = (choices: readonly { id: string; name: string }[] | undefined, id: string): string =>
  choices?.find((one) => one.id === id)?.name ?? id.slice(0, 8);
