import { signal } from '@preact/signals';

const query = typeof matchMedia === 'undefined' ? undefined : matchMedia('(max-width: 800px)');

/** Whether the screen is narrow: columns that are marked `wide` are left out. */
export const narrow = signal(query?.matches ?? false);
query?.addEventListener('change', () => {
  narrow.value = query.matches;
});
