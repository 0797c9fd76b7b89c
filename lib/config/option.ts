/** One option of a deployment: its description for the documentation, and how its value is parsed. */
export interface Option<T> {
  /** As the documentation names it: `text`, `whole number`, `true or false`, … */
  readonly type: string;
  readonly default: T;
  readonly meaning: string;
  /** The allowed values in words; part of the error message. */
  readonly range: string;
  /** Parses a string of the command line or a JSON value of cdk.json; undefined when the value is not allowed. */
  parse(value: unknown): T | undefined;
}

/** A whole number from `least` to `most`, inclusive. */
export function wholeNumber(fallback: number, least: number, most: number, meaning: string): Option<number> {
  const allowed = (value: number) => Number.isInteger(value) && value >= least && value <= most;
  return {
    type: 'whole number',
    default: fallback,
    meaning,
    range: `${least} to ${most}`,
    parse: (value) => numberIf(value, allowed),
  };
}

/** A number greater than 0, or none. */
export function positiveNumber(meaning: string): Option<number | undefined> {
  return {
    type: 'number',
    default: undefined,
    meaning,
    range: 'more than 0; absent for none',
    parse: (value) => numberIf(value, (number) => number > 0 && Number.isFinite(number)),
  };
}

/** 0 (by itself) or a whole number from `least` to `most`. */
export function zeroOr(least: number, most: number, meaning: string): Option<number> {
  const allowed = (value: number) => value === 0 || (Number.isInteger(value) && value >= least && value <= most);
  return {
    type: 'whole number',
    default: 0,
    meaning,
    range: `0, or ${least} to ${most}`,
    parse: (value) => numberIf(value, allowed),
  };
}

/** One of the listed numbers. */
export function oneNumberOf(values: readonly number[], fallback: number, meaning: string): Option<number> {
  return {
    type: 'whole number',
    default: fallback,
    meaning,
    range: `one of ${values.join(', ')}`,
    parse: (value) => numberIf(value, (number) => values.includes(number)),
  };
}

/** One of the listed words. */
export function oneOf<const T extends string>(values: readonly T[], fallback: T, meaning: string): Option<T> {
  return {
    type: 'word',
    default: fallback,
    meaning,
    range: `one of ${values.join(', ')}`,
    parse: (value) => values.find((allowed) => allowed === value),
  };
}

/** `true` or `false`. */
export function flag(fallback: boolean, meaning: string): Option<boolean> {
  return {
    type: 'true or false',
    default: fallback,
    meaning,
    range: 'true or false',
    parse: (value) =>
      new Map<unknown, boolean>([
        ['true', true],
        [true, true],
        ['false', false],
        [false, false],
      ]).get(value),
  };
}

/** A text that is empty (none) or matches a pattern, described by `range`. */
export function text(pattern: RegExp, range: string, meaning: string): Option<string> {
  return {
    type: 'text',
    default: '',
    meaning,
    range,
    parse: (value) => (typeof value === 'string' && (value === '' || pattern.test(value)) ? value : undefined),
  };
}

/** The path of a file, relative to the working directory, or none. */
export function path(meaning: string): Option<string> {
  return text(/^[^\0\n]{1,1000}$/, 'the path of a file; empty for none', meaning);
}

/** A list of texts: an array in cdk.json, or separated by commas on the command line. */
export function list(pattern: RegExp, range: string, meaning: string): Option<readonly string[]> {
  return {
    type: 'list',
    default: [],
    meaning,
    range,
    parse: (value) => {
      const entries: unknown[] | undefined =
        typeof value === 'string' ? splitAtCommas(value) : Array.isArray(value) ? value : undefined;
      return entries?.every((entry): entry is string => typeof entry === 'string' && pattern.test(entry))
        ? entries
        : undefined;
    },
  };
}

function splitAtCommas(value: string): string[] {
  return value.trim() === '' ? [] : value.split(',').map((entry) => entry.trim());
}

/** An empty string is not a number here, although `Number('')` is 0. */
function numberIf(value: unknown, allowed: (value: number) => boolean): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && allowed(number) ? number : undefined;
}
