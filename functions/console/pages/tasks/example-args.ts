/** The keywords of JSON Schema that an example is made from. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly minimum?: number;
}

const MAX_DEPTH = 6;
const EMPTY: Readonly<Record<string, unknown>> = { string: '', boolean: false, array: [], null: null };

/** Arguments to begin with, made from a task's JSON Schema: the required properties, with values to be filled in. */
export function exampleArgs(schema: Schema | null, depth = 0): unknown {
  if (schema === null || depth > MAX_DEPTH) return {};
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum?.length) return schema.enum[0];
  if (schema.examples?.length) return schema.examples[0];
  const alternative = schema.anyOf?.[0] ?? schema.oneOf?.[0];
  if (alternative) return exampleArgs(alternative, depth + 1);
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0];
  if (type === 'number' || type === 'integer') return schema.minimum ?? 0;
  if (type !== undefined && type in EMPTY) return EMPTY[type];
  const { properties = {}, required = [] } = schema;
  return Object.fromEntries(required.map((name) => [name, exampleArgs(properties[name] ?? {}, depth + 1)]));
}
