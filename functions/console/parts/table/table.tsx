import { type ComponentChildren, createRef } from 'preact';
import { useMemo } from 'preact/hooks';
import { mayAct } from '../../api/session.ts';
import { goTo } from '../../router.ts';
import { useRowWindow, WINDOWED_FROM } from './row-window.ts';
import { narrow } from './screen.ts';

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => ComponentChildren;
  /** Right-aligned, with figures of one width. */
  readonly numeric?: boolean;
  /** Shares what the other columns leave; longer content is cut with an ellipsis. */
  readonly grow?: boolean;
  /** Width in letters, without `grow`: 14 by default, 10 for numeric columns. Widths are fixed, so that nothing moves while rows arrive. */
  readonly width?: number;
  /** Left out on narrow screens. */
  readonly wide?: boolean;
  /** Holds buttons that change something: right-aligned, without a visible title, left out for sessions that may only read. */
  readonly acts?: boolean;
}

export interface TableProps<T> {
  /** The name of the rows, for screen readers: `Emails`. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  /** undefined while the first answer is awaited: the table shows placeholders. */
  readonly rows: readonly T[] | undefined;
  readonly keyOf: (row: T) => string;
  /** Where a row leads: the whole row is clickable, the link is in its first cell. */
  readonly hrefOf?: (row: T) => string | undefined;
  /** Shown instead of an empty table: an EmptyState. */
  readonly empty?: ComponentChildren;
  /** Number of placeholder rows. */
  readonly placeholders?: number;
}

/** Height of every row, as in table.css. */
const ROW_PX = 35;
/** Width in letters that a growing column has at least. */
const GROWING = 18;

/** A list of records in rows of one line. `j`/`k` move between rows, Enter opens. Of long lists only the rows near the screen are rendered. */
export function Table<T>({ label, columns, rows, keyOf, hrefOf, empty, placeholders = 8 }: TableProps<T>) {
  const body = useMemo(() => createRef<HTMLTableSectionElement>(), []);
  const count = rows?.length ?? 0;
  const view = useRowWindow(body, count, ROW_PX);
  if (rows?.length === 0) return <>{empty ?? <p class="faint">Nothing here.</p>}</>;
  const shown = columns.filter(({ wide, acts }) => (!wide || !narrow.value) && (!acts || mayAct.value));
  const { start, end } = count > WINDOWED_FROM ? view.value : { start: 0, end: count };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section class="table" aria-label={label} tabIndex={0}>
      <table aria-rowcount={count + 1} aria-busy={rows === undefined} style={{ minWidth: `${leastWidth(shown)}ch` }}>
        <colgroup>
          {shown.map((column) => (
            <col key={column.title} style={column.grow ? undefined : { width: `${widthOf(column)}ch` }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {shown.map((column) => (
              <th key={column.title} scope="col" class={classOf(column)}>
                {column.acts ? <span class="unseen">{column.title}</span> : column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          <Space rows={start} />
          {rows === undefined
            ? Array.from({ length: placeholders }, (_, index) => <Placeholder key={`p${index}`} columns={shown} />)
            : rows
                .slice(start, end)
                .map((row, index) => (
                  <Row key={keyOf(row)} row={row} index={start + index} columns={shown} href={hrefOf?.(row)} />
                ))}
          <Space rows={count - Math.min(end, count)} />
        </tbody>
      </table>
    </section>
  );
}

interface RowProps<T> {
  readonly row: T;
  readonly index: number;
  readonly columns: readonly Column<T>[];
  readonly href: string | undefined;
}

function Row<T>({ row, index, columns, href }: RowProps<T>) {
  const open = (event: MouseEvent) => {
    const inside = event.target instanceof Element && event.target.closest('a, button, input, label, dialog');
    if (href === undefined || inside || getSelection()?.isCollapsed === false) return;
    if (event.metaKey || event.ctrlKey) window.open(href);
    else goTo(href);
  };
  return (
    // The head is the first row.
    <tr data-row aria-rowindex={index + 2} class={href === undefined ? undefined : 'opens'} onClick={open}>
      {columns.map((column, place) => (
        <td key={column.title} class={classOf(column)}>
          {place === 0 && href !== undefined ? <a href={href}>{column.cell(row)}</a> : column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

function Placeholder<T>({ columns }: { columns: readonly Column<T>[] }) {
  return (
    <tr>
      {columns.map((column) => (
        <td key={column.title} class={classOf(column)}>
          <span class="placeholder" />
        </td>
      ))}
    </tr>
  );
}

/** The place of rows that are not rendered. */
const Space = ({ rows }: { rows: number }) =>
  rows > 0 ? <tr class="space" style={{ height: `${rows * ROW_PX}px` }} /> : null;

const widthOf = <T,>({ width, numeric }: Column<T>) => width ?? (numeric ? 10 : 14);

const leastWidth = <T,>(columns: readonly Column<T>[]) =>
  columns.reduce((sum, column) => sum + (column.grow ? GROWING : widthOf(column)), 0);

const classOf = <T,>({ numeric, acts }: Column<T>) =>
  [numeric && 'numeric', acts && 'acts'].filter(Boolean).join(' ') || undefined;
