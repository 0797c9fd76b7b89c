import { stripVTControlCharacters, styleText } from 'node:util';
import type { Terminal } from './terminal.ts';

export { count, duration, timeOf } from '../../functions/core/wording.ts';

/** A colour by its meaning. */
export type Tone = 'good' | 'bad' | 'warning' | 'faint' | 'plain';

const formats = { good: 'green', bad: 'red', warning: 'yellow', faint: 'dim' } as const;

/** The text in the colour of its meaning, where the terminal shows colours. */
export function paint(terminal: Pick<Terminal, 'colour'>, tone: Tone, text: string): string {
  return terminal.colour && tone !== 'plain' ? styleText(formats[tone], text, { validateStream: false }) : text;
}

/** Makes foreign text safe to show: a job of unknown origin must not move the cursor or set the window's title. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what must not pass.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/g, '�');
}

/** Rows under their headings, in columns two spaces apart; columns of numbers are aligned to the right. */
export function columns(
  terminal: Pick<Terminal, 'colour'>,
  headings: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const all = [
    headings.map((heading) => heading && paint(terminal, 'faint', heading)),
    ...rows.map((row) => row.map(String)),
  ];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => visibleLength(row[column] ?? ''))));
  const isNumeric = headings.map(
    (_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'),
  );
  const pad = (cell: string, column: number) => {
    const spaces = ' '.repeat((widths[column] ?? 0) - visibleLength(cell));
    return isNumeric[column] ? spaces + cell : cell + spaces;
  };
  return all.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

/** Names and values, one a line. */
export function fields(entries: readonly (readonly [string, string | number | undefined])[]): string {
  const given = entries.filter(([, value]) => value !== undefined && value !== '');
  const width = Math.max(...given.map(([name]) => name.length));
  return given.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

const visibleLength = (text: string): number => stripVTControlCharacters(text).length;
