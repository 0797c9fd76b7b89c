import { type Signal, useSignal } from '@preact/signals';
import { createRef } from 'preact';
import { useEffect, useId, useMemo } from 'preact/hooks';
import { nowMs } from '../values/clock.ts';
import { count, fullTime, shortCount, shortTime } from '../values/formats.ts';
import { latestKnown, marksTo, runsOf, timeMarks } from './scale.ts';

/** One line of a chart. */
export interface Series {
  readonly name: string;
  readonly tone: 'good' | 'bad' | 'warn' | 'busy' | 'calm';
  /** A second way to tell lines apart, beside colour. */
  readonly dashed?: boolean;
  /** One value for each time of the chart; null where there is none. */
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly title: string;
  /** The unit of the values: `emails per minute`, `ms`. */
  readonly unit: string;
  /** Start of each period, ISO; undefined while the first answer is awaited. */
  readonly times: readonly string[] | undefined;
  readonly series: readonly Series[];
  /** The last period is not over: it is drawn fainter, because its value still grows. */
  readonly unfinished?: boolean;
  /** How a value is written; a count by default. */
  readonly format?: (value: number) => string;
  /** How a value is written at the axis; short by default. */
  readonly formatAxis?: (value: number) => string;
}

const HEIGHT = 180;
const MARGIN = { top: 8, right: 10, bottom: 20, left: 46 };

/** Numbers over time as lines. The pointer, or the arrow keys after Tab, choose the period whose values the legend shows. */
export function Chart(props: ChartProps) {
  const { title, unit, times, series, format = count } = props;
  const chosen = useSignal<number | undefined>(undefined);
  const length = times?.length ?? 0;
  const shown = chosen.value === undefined ? undefined : Math.min(chosen.value, length - 1);
  const finished = length - (props.unfinished ? 2 : 1);
  const read = shown ?? latestKnown(series, finished) ?? length - 1;
  const at = times?.[read];
  return (
    <figure class="chart">
      <figcaption>
        {title}
        <small class="number">{at ? `${shortTime(at, nowMs.peek())}, ${unit}` : ' '}</small>
      </figcaption>
      <div class="legend" aria-live={shown === undefined ? undefined : 'polite'}>
        {series.map((line) => (
          <span key={line.name}>
            <svg aria-hidden="true" viewBox="0 0 16 8" class={line.tone}>
              <path d="M0 4h16" class={line.dashed ? 'line dashed' : 'line'} />
            </svg>
            {line.name}
            <b class="number">{readout(line, read, format)}</b>
          </span>
        ))}
      </div>
      <Plot {...props} chosen={chosen} shown={shown} />
      <AsTable {...props} />
    </figure>
  );
}

function readout({ values }: Series, index: number, format: (value: number) => string): string {
  const value = values[index] ?? null;
  return value === null ? '–' : format(value);
}

interface PlotProps extends ChartProps {
  readonly chosen: Signal<number | undefined>;
  readonly shown: number | undefined;
}

function Plot({
  title,
  unit,
  times = [],
  series,
  unfinished = false,
  formatAxis = shortCount,
  chosen,
  shown,
}: PlotProps) {
  const ref = useMemo(() => createRef<SVGSVGElement>(), []);
  const width = useWidth(ref);
  const [titleId, descId] = [useId(), useId()];
  const highest = Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const marks = marksTo(highest);
  const x = (index: number) =>
    MARGIN.left + (index / Math.max(1, times.length - 1)) * (width - MARGIN.left - MARGIN.right);
  const y = (value: number) =>
    HEIGHT - MARGIN.bottom - (value / (marks.at(-1) ?? 1)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const choose = (clientX: number) => {
    const left = clientX - (ref.current?.getBoundingClientRect().left ?? 0) - MARGIN.left;
    const index = Math.round((left / (width - MARGIN.left - MARGIN.right)) * (times.length - 1));
    chosen.value = Math.max(0, Math.min(times.length - 1, index));
  };
  const leave = () => {
    chosen.value = undefined;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const last = times.length - 1;
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -last, End: last }[event.key];
    if (by === undefined || last < 0) return;
    event.preventDefault();
    chosen.value = Math.max(0, Math.min(last, (shown ?? last) + by));
  };
  return (
    <svg
      ref={ref}
      role="img"
      aria-labelledby={`${titleId} ${descId}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys choose a period
      tabIndex={0}
      onKeyDown={onKeyDown}
      onBlur={leave}
      onPointerMove={(event) => choose(event.clientX)}
      onPointerLeave={leave}
    >
      <title id={titleId}>{title}</title>
      <desc id={descId}>{describe({ unit, times, series })}</desc>
      {marks.map((mark) => (
        <g key={mark}>
          <line class="grid" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(mark)} y2={y(mark)} />
          <text x={MARGIN.left - 6} y={y(mark) + 4} text-anchor="end">
            {formatAxis(mark)}
          </text>
        </g>
      ))}
      {timeMarks(times, width / TIME_MARK_PX).map(({ index, text }) => (
        <text key={index} x={x(index)} y={HEIGHT - 4} text-anchor="middle">
          {text}
        </text>
      ))}
      {shown !== undefined && (
        <line class="at" x1={x(shown)} x2={x(shown)} y1={MARGIN.top} y2={HEIGHT - MARGIN.bottom} />
      )}
      {series.toReversed().map((line) => (
        <g key={line.name} class={line.tone}>
          <path
            class={line.dashed ? 'line dashed' : 'line'}
            d={pathOf(unfinished ? line.values.slice(0, -1) : line.values, x, y)}
          />
          {unfinished && <path class="line unfinished" d={pathOf(lastStep(line.values), x, y)} />}
          {dotsOf(line.values, shown).map((index) => (
            <circle key={index} class="dot" cx={x(index)} cy={y(line.values[index] ?? 0)} r={2.5} />
          ))}
        </g>
      ))}
    </svg>
  );
}

/** The width of an element in px, kept current. */
function useWidth(ref: { current: SVGSVGElement | null }): number {
  const width = useSignal(600);
  useEffect(() => {
    if (!ref.current) return;
    const observer = new ResizeObserver(([entry]) => {
      width.value = entry?.contentRect.width || width.value;
    });
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, [ref, width]);
  return width.value;
}

const pathOf = (values: Series['values'], x: (index: number) => number, y: (value: number) => number) =>
  runsOf(values)
    .map((run) => `M${run.map(([index, value]) => `${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join('L')}`)
    .join('');

/** The line to the last value alone. */
const lastStep = (values: Series['values']) => values.map((value, index) => (index < values.length - 2 ? null : value));

/** The chosen point, and points that have no neighbours to draw a line to. */
const dotsOf = (values: Series['values'], shown: number | undefined): number[] => [
  ...runsOf(values).flatMap((run) => (run.length === 1 ? run.map(([index]) => index) : [])),
  ...(shown !== undefined && (values[shown] ?? null) !== null ? [shown] : []),
];

/** The width that the text of a time needs. */
const TIME_MARK_PX = 80;

function describe({ unit, times, series }: Pick<ChartProps, 'unit' | 'series'> & { times: readonly string[] }): string {
  const first = times[0];
  if (first === undefined) return 'No values yet.';
  const highest = series.map(({ name, values }) => {
    const known = values.filter((value) => value !== null);
    return `${name} ${known.length === 0 ? 'without values' : `at most ${count(Math.max(...known))}`}`;
  });
  return `${unit} since ${fullTime(first)}: ${highest.join(', ')}. The table below has every value.`;
}

/** The same numbers as a table, for those who do not see the lines. */
function AsTable({ title, times, series, format = count }: ChartProps) {
  const open = useSignal(false);
  return (
    <details
      onToggle={(event) => {
        open.value = event.currentTarget.open;
      }}
    >
      <summary>
        Values<span class="unseen"> of {title}</span>
      </summary>
      {open.value && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section class="table values" aria-label={title} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                {series.map(({ name }) => (
                  <th key={name} scope="col" class="numeric">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {times?.map((time, index) => (
                <tr key={time}>
                  <th scope="row">{shortTime(time, nowMs.peek())}</th>
                  {series.map((line) => (
                    <td key={line.name} class="numeric">
                      {readout(line, index, format)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}
