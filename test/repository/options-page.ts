/** `node test/repository/options-page.ts` writes the table of options of lib/config.ts into docs/options.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { optionsTable } from '../../lib/config.ts';

export const optionsPage = join(import.meta.dirname, '..', '..', 'docs', 'options.md');

/** The page with the table as lib/config.ts has it. */
export const withOptions = (page: string): string =>
  page.replace(/(<!-- options -->\n).*?(<!-- \/options -->)/s, (_, start, end) => `${start}${optionsTable()}\n${end}`);

if (import.meta.main) writeFileSync(optionsPage, withOptions(readFileSync(optionsPage, 'utf8')));
