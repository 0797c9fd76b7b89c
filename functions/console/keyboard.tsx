import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { PAGES } from './pages.ts';
import { Dialog } from './parts/actions/dialog.tsx';
import { goTo, linkTo } from './router.ts';

const helpShown = signal(false);
let afterG = false;

/** Listens for the keys of the console; not while the viewer types or a dialog is open. */
export function useKeyboard(): void {
  useEffect(() => {
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

function onKey(event: KeyboardEvent): void {
  const { target, key } = event;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (target instanceof Element && target.closest('input, textarea, select, dialog, [contenteditable]')) {
    if (key === 'Escape' && target.id === 'search') (target as HTMLElement).blur();
    return;
  }
  const page = afterG ? PAGES.find((known) => known.key === key) : undefined;
  afterG = key === 'g';
  if (page) goTo(linkTo(page.name));
  else if (key === '/') focusSearch();
  else if (key === '?') helpShown.value = true;
  else if (key === 'j') moveRow(1);
  else if (key === 'k') moveRow(-1);
  else return;
  event.preventDefault();
}

/** What was sought before is selected, so that typing replaces it. */
function focusSearch(): void {
  const field = document.querySelector<HTMLInputElement>('#search');
  field?.focus();
  field?.select();
}

/** Focuses the link of the next or previous row of the page's table. */
function moveRow(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')];
  const current = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[current === -1 ? 0 : Math.min(rows.length - 1, Math.max(0, current + by))];
  row?.querySelector<HTMLElement>('a, button')?.focus();
}

/** The list of keys, after `?`. */
export function KeyboardHelp() {
  if (!helpShown.value) return null;
  const keys: readonly (readonly [string, string])[] = [
    ['/', 'Search'],
    ['j k', 'Next, previous row'],
    ['Enter', 'Open the row'],
    ['Esc', 'Close'],
    ['?', 'This list'],
    ...PAGES.filter(({ present }) => present?.() ?? true).map(({ key, title }) => [`g ${key}`, title] as const),
  ];
  return (
    <Dialog
      title="Keys"
      onClose={() => {
        helpShown.value = false;
      }}
    >
      <dl class="keys">
        {keys.map(([key, text]) => (
          <div key={key}>
            <dt>
              {key.split(' ').map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
