import { effect, signal } from '@preact/signals';

/** `system` follows `prefers-color-scheme`. */
type Theme = 'system' | 'light' | 'dark';
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];
const STORED_AS = 'sendoff-theme';

export const theme = signal<Theme>('system');

/** Applies the viewer's theme to the page, now and when it changes. */
export function followTheme(): void {
  theme.value = THEMES.find((known) => known === localStorage.getItem(STORED_AS)) ?? 'system';
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
    localStorage.setItem(STORED_AS, theme.value);
  });
}

/** The theme after `current` in the order of the switch. */
export const nextTheme = (current: Theme): Theme => THEMES[(THEMES.indexOf(current) + 1) % THEMES.length] ?? 'system';
