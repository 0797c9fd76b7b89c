import type { Pages } from '../../api/pages.ts';
import { ErrorNotice } from '../page/notice.tsx';
import { counted } from '../values/formats.ts';
import { Table, type TableProps } from './table.tsx';

interface PagedTableProps<T> extends Omit<TableProps<T>, 'rows' | 'keyOf'> {
  readonly pages: Pages<T>;
  /** The word for a row, in the singular: `email`. */
  readonly unit: string;
}

/** A table of a list that grows by pages. */
export function PagedTable<T>({ pages, unit, ...table }: PagedTableProps<T>) {
  return (
    <>
      <Newer pages={pages} unit={unit} />
      <Table {...table} rows={pages.items.value} keyOf={pages.keyOf} />
      <Paging pages={pages} unit={unit} />
    </>
  );
}

type PartProps<T> = Pick<PagedTableProps<T>, 'pages' | 'unit'>;

/** Above a list: how many new items there are; nothing otherwise. */
function Newer<T>({ pages, unit }: PartProps<T>) {
  if (pages.newer.value === 0) return null;
  return (
    <button type="button" class="newer" onClick={pages.showNewer}>
      Show {pages.newer.value} newer {counted(pages.newer.value, unit).replace(/^\S+ /, '')}
    </button>
  );
}

/** Below a list: the button for the next page, or the error of the list. */
function Paging<T>({ pages, unit }: PartProps<T>) {
  const shown = pages.items.value?.length ?? 0;
  return (
    <footer class="paging">
      {pages.error.value && <ErrorNotice error={pages.error.value} retry={pages.refresh} />}
      {pages.hasMore.value && (
        <button type="button" disabled={pages.loading.value} onClick={pages.more}>
          {pages.loading.value ? 'Loading…' : 'Show more'}
        </button>
      )}
      {shown > 0 && (
        <span class="faint number">
          {counted(shown, unit)}
          {pages.hasMore.value ? ', more follow' : ''}
        </span>
      )}
    </footer>
  );
}
