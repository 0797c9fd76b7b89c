import { type Schema, Validator } from '@cfworker/json-schema';
import { invalid, type SendoffError } from '../../core/errors.ts';
import type { TaskDescription } from '../../core/run/definition/manifest.ts';
import { nearest } from '../../core/validate.ts';

type Violation = ReturnType<Validator['validate']>['errors'][number];

const validators = new WeakMap<object, Validator>();

/**
 * Checks arguments against the JSON Schema of their task; `field` is where the request has them.
 *
 * @throws 422 that names the field.
 */
export function checkArgs({ args: schema }: Pick<TaskDescription, 'args'>, args: unknown, field = 'args'): void {
  if (schema === undefined) return;
  const { valid, errors } = validatorOf(schema).validate(args);
  if (valid) return;
  const violation = deepest(errors);
  throw violation ? describe(violation, args, schema, field) : invalid(`Invalid \`${field}\` field: it is not valid.`);
}

function validatorOf(schema: object): Validator {
  let validator = validators.get(schema);
  if (!validator) {
    // All violations: the first is only that a property, which it does not name, is not as it should be.
    validator = new Validator(schema as Schema, '2020-12', false);
    validators.set(schema, validator);
  }
  return validator;
}

/** The first of the violations that are furthest inside the value: the others follow from it. */
function deepest(errors: readonly Violation[]): Violation | undefined {
  const depth = ({ instanceLocation }: Violation) => instanceLocation.split('/').length;
  return errors.reduce<Violation | undefined>(
    (best, error) => (best === undefined || depth(error) > depth(best) ? error : best),
    undefined,
  );
}

function describe(
  { instanceLocation, keyword, error }: Violation,
  args: unknown,
  schema: object,
  field: string,
): SendoffError {
  const path = instanceLocation
    .split('/')
    .slice(1)
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'));
  const place = (parts: readonly string[]) => [field, ...parts].join('.').slice(0, 200);
  if (keyword === 'required') {
    const name = /"(.*)"/.exec(error)?.[1] ?? '';
    return invalid(`Missing \`${place([...path, name])}\` field.`, 'missing_required_field');
  }
  if (keyword === 'false') {
    const meant = nearest(path.at(-1) ?? '', propertiesAt(schema, path.slice(0, -1)));
    return invalid(`Unknown field \`${place(path)}\`.${meant ? ` Did you mean \`${meant}\`?` : ''}`);
  }
  return invalid(`Invalid \`${place(path)}\` field: ${explain(keyword, error, valueAt(args, path))}`);
}

/** The violation in words; never with the value, which may be about a person. */
function explain(keyword: string, error: string, value: unknown): string {
  const allowed = /Expected (.+)\.$/.exec(error)?.[1];
  if (keyword === 'type' && allowed)
    return `it must be of type ${allowed.replaceAll('"', '').replaceAll(', ', ' or ')}.`;
  if (keyword === 'enum' || keyword === 'const')
    return `it must be ${keyword === 'enum' ? 'one of ' : ''}${(/match (?:any of )?(.+)\.$/s.exec(error)?.[1] ?? '').slice(0, 500)}.`;
  if (keyword === 'anyOf' || keyword === 'oneOf') return 'it has none of the forms that are allowed.';
  if (keyword === 'pattern' || keyword === 'format') return `it does not have the ${keyword} that the task asks for.`;
  const limit = /(-?\d[\d.e+-]*?)\.?$/.exec(error)?.[1];
  const of = typeof value === 'string' ? 'characters' : 'entries';
  const words: Readonly<Record<string, string>> = {
    minLength: `it has too few ${of}.`,
    maxLength: `it has too many ${of}.`,
    minItems: `it has too few ${of}.`,
    maxItems: `it has too many ${of}.`,
    minimum: `it must be at least ${limit}.`,
    maximum: `it must be at most ${limit}.`,
    exclusiveMinimum: `it must be above ${limit}.`,
    exclusiveMaximum: `it must be below ${limit}.`,
  };
  return words[keyword] ?? `it is against the rule \`${keyword}\` of the task's schema.`;
}

/** The names of the properties that the schema has at this place, if it says so plainly. */
function propertiesAt(schema: object, path: readonly string[]): string[] {
  const at = path.reduce<unknown>(
    (inner, name) => (inner as { properties?: Record<string, unknown> })?.properties?.[name],
    schema,
  );
  return Object.keys((at as { properties?: object } | undefined)?.properties ?? {});
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}
