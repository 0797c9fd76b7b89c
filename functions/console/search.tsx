import { useSignal } from '@preact/signals';
import { findTarget } from './find-target.ts';
import { PAGES } from './pages.ts';
import { notify } from './parts/page/notice.tsx';
import { goToFromHere, route } from './router.ts';

/** The field that `/` focuses. */
export function Search() {
  const text = useSignal('');
  const submit = async (event: Event) => {
    event.preventDefault();
    if (text.value.trim() === '') return;
    // The keys of the page work again at once, also while the record is sought.
    document.getElementById('search')?.blur();
    const go = goToFromHere();
    try {
      const link = await findTarget(text.value, PAGES.find(({ name }) => name === route.value.page)?.search);
      if (link === undefined) return notify('No record has this id.', 'warn');
      go(link);
      text.value = '';
    } catch (error) {
      notify((error as Error).message, 'bad');
    }
  };
  return (
    <search class="search">
      <form onSubmit={submit}>
        <input
          id="search"
          type="search"
          aria-label="Search"
          placeholder="Search"
          title="An id, an address or a text; the key / comes here"
          autoComplete="off"
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
        />
      </form>
    </search>
  );
}
