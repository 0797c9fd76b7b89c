/** A running schedule. */
export type Schedule = { stop: () => void };

const unitMs: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Starts a `rate(…)` or `cron(…)` expression of EventBridge; with `everySeconds` that interval is used instead. */
export function startSchedule(expression: string, everySeconds: number | undefined, run: () => void): Schedule {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  const cron = /^cron\((.+)\)$/.exec(expression);
  if (!rate && !cron) throw new Error(`The local cloud cannot read the schedule ${expression}`);
  if (everySeconds !== undefined) return every(everySeconds * 1000, run);
  if (rate) return every(Number(rate[1]) * (unitMs[rate[2] ?? ''] ?? 0), run);
  const matches = parseCron(cron?.[1] ?? '');
  return everyMinute((now) => matches(now) && run());
}

function every(intervalMs: number, run: () => void): Schedule {
  const timer = setInterval(run, intervalMs);
  return { stop: () => clearInterval(timer) };
}

function everyMinute(run: (now: Date) => void): Schedule {
  let timer: NodeJS.Timeout;
  const plan = () => {
    timer = setTimeout(
      () => {
        run(new Date());
        plan();
      },
      60_000 - (Date.now() % 60_000),
    );
  };
  plan();
  return { stop: () => clearTimeout(timer) };
}

/** Whether a minute (UTC) is one of a cron expression's: `minutes hours day-of-month month day-of-week year`. */
export function parseCron(fields: string): (time: Date) => boolean {
  const parts = fields.trim().split(/\s+/);
  if (parts.length !== 6) throw new Error(`A cron expression has six fields: cron(${fields})`);
  const tests = parts.map((part) => parseField(withoutNames(part)));
  return (time) => {
    const values = [
      time.getUTCMinutes(),
      time.getUTCHours(),
      time.getUTCDate(),
      time.getUTCMonth() + 1,
      time.getUTCDay() + 1,
      time.getUTCFullYear(),
    ];
    return tests.every((test, index) => test(values[index] ?? 0));
  };
}

const names = [
  ...['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'].map((name, at) => [
    name,
    at + 1,
  ]),
  ...['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'].map((name, at) => [name, at + 1]),
] as [string, number][];

function withoutNames(field: string): string {
  return names.reduce((text, [name, number]) => text.replaceAll(name, String(number)), field.toUpperCase());
}

function parseField(field: string): (value: number) => boolean {
  if (field === '*' || field === '?') return () => true;
  const tests = field.split(',').map((item) => {
    const match = /^(?:(\*|\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(item);
    if (!match) throw new Error(`The local cloud cannot read the cron field ${field}`);
    const first = match[1] === '*' ? 0 : Number(match[1]);
    const step = match[3] === undefined ? 1 : Number(match[3]);
    const isSingle = match[1] !== '*' && match[2] === undefined && match[3] === undefined;
    const last = isSingle ? first : match[2] === undefined ? Number.POSITIVE_INFINITY : Number(match[2]);
    return (value: number) => value >= first && value <= last && (value - first) % step === 0;
  });
  return (value) => tests.some((test) => test(value));
}
