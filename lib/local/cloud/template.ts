/** A synthesized CloudFormation template. */
export type Template = {
  Resources: Readonly<Record<string, TemplateResource>>;
  Outputs?: Readonly<Record<string, { Value: unknown; Condition?: string }>>;
  /** Each with a `Type` and perhaps a `Default`. */
  Parameters?: Readonly<Record<string, unknown>>;
  Conditions?: Readonly<Record<string, unknown>>;
  Mappings?: Readonly<Record<string, unknown>>;
};
/** One entry of a template's Resources. */
export type TemplateResource = {
  Type: string;
  Properties?: Readonly<Record<string, unknown>> | undefined;
  DependsOn?: string | readonly string[] | undefined;
  Condition?: string | undefined;
  DeletionPolicy?: string | undefined;
  UpdateReplacePolicy?: string | undefined;
};

/** A created resource: the values of its Ref and its GetAtts. */
export type CreatedResource = { ref: string; attributes: Record<string, string> };

/** The names and values that intrinsic functions refer to. */
export type Scope = {
  template: Template;
  created: Map<string, CreatedResource>;
  parameters: Record<string, unknown>;
  /** AWS::Region and its like. */
  pseudoParameters: Record<string, string>;
  /** Replaces addresses on AWS by local ones, in the results of Fn::Join and Fn::Sub. */
  localize?: (text: string) => string;
};

type Intrinsic = (argument: unknown, scope: Scope) => unknown;

/** The value of AWS::NoValue: its property or list entry is removed. */
const noValue = Symbol('AWS::NoValue');

const intrinsics = new Map<string, Intrinsic>([
  ['Ref', (name, scope) => reference(String(name), scope)],
  [
    'Fn::GetAtt',
    (argument, scope) =>
      attribute(Array.isArray(argument) ? argument.map(String) : String(argument).split(/\.(.*)/s), scope),
  ],
  [
    'Fn::Join',
    ([delimiter, items]: [string, unknown], scope) =>
      localized(list(evaluate(items, scope)).map(String).join(delimiter), scope),
  ],
  ['Fn::Sub', (argument, scope) => localized(substitute(argument, scope), scope)],
  [
    'Fn::Select',
    ([index, items]: [unknown, unknown], scope) => select(Number(evaluate(index, scope)), list(evaluate(items, scope))),
  ],
  ['Fn::Split', ([delimiter, text]: [string, unknown], scope) => String(evaluate(text, scope)).split(delimiter)],
  [
    'Fn::If',
    ([name, yes, no]: [string, unknown, unknown], scope) => evaluate(conditionHolds(name, scope) ? yes : no, scope),
  ],
  [
    'Fn::FindInMap',
    (keys: unknown[], scope) =>
      findInMap(
        keys.map((key) => String(evaluate(key, scope))),
        scope,
      ),
  ],
  ['Fn::Base64', (text, scope) => Buffer.from(String(evaluate(text, scope))).toString('base64')],
  ['Fn::GetAZs', (_region, scope) => ['a', 'b', 'c'].map((zone) => `${scope.pseudoParameters['AWS::Region']}${zone}`)],
  ['Fn::Equals', ([left, right]: [unknown, unknown], scope) => evaluate(left, scope) === evaluate(right, scope)],
  ['Fn::Not', ([argument]: [unknown], scope) => evaluate(argument, scope) !== true],
  ['Fn::And', (items: unknown[], scope) => items.every((item) => evaluate(item, scope) === true)],
  ['Fn::Or', (items: unknown[], scope) => items.some((item) => evaluate(item, scope) === true)],
  ['Condition', (name, scope) => conditionHolds(String(name), scope)],
] as [string, Intrinsic][]);

/** Resolves every intrinsic function in a value; throws for an unknown function and for a name that does not exist. */
export function evaluate(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((item) => evaluate(item, scope)).filter((item) => item !== noValue);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (only && entries.length === 1) {
    const [name, argument] = only;
    const intrinsic = intrinsics.get(name);
    // `{"Condition": {…}}` in a policy statement is not an intrinsic: an intrinsic's argument is the name of a condition.
    if (intrinsic && !(name === 'Condition' && typeof argument !== 'string')) return intrinsic(argument, scope);
    if (name.startsWith('Fn::')) throw new Error(`The local cloud does not know the intrinsic function ${name}`);
  }
  const evaluated = entries.map(([key, item]) => [key, evaluate(item, scope)] as const);
  return Object.fromEntries(evaluated.filter(([, item]) => item !== noValue));
}

/** Whether a condition of the template holds. */
export function conditionHolds(name: string, scope: Scope): boolean {
  const condition = scope.template.Conditions?.[name];
  if (condition === undefined) throw new Error(`The template has no condition ${name}`);
  return evaluate(condition, scope) === true;
}

function localized(text: string, { localize }: Scope): string {
  return localize ? localize(text) : text;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}

function select(index: number, items: unknown[]): unknown {
  if (index >= items.length) throw new Error(`Fn::Select ${index} of ${items.length} values`);
  return items[index];
}

function findInMap(keys: string[], scope: Scope): unknown {
  const found = keys.reduce<unknown>(
    (map, key) => (map as Record<string, unknown> | undefined)?.[key],
    scope.template.Mappings,
  );
  if (found === undefined) throw new Error(`Fn::FindInMap finds nothing at ${keys.join('.')}`);
  return found;
}

function reference(name: string, scope: Scope): unknown {
  if (name === 'AWS::NoValue') return noValue;
  const pseudo = scope.pseudoParameters[name];
  if (pseudo !== undefined) return pseudo;
  const created = scope.created.get(name);
  if (created) return created.ref;
  const parameter = scope.template.Parameters?.[name];
  if (parameter !== undefined)
    return (
      scope.parameters[name] ??
      (parameter as { Default?: unknown }).Default ??
      missing(`parameter ${name} has no value`)
    );
  return missing(`Ref ${name} names nothing that exists`);
}

function attribute([logicalId = '', name = '']: string[], scope: Scope): string {
  const created = scope.created.get(logicalId) ?? missing(`Fn::GetAtt ${logicalId}.${name} names nothing that exists`);
  return (
    created.attributes[name] ??
    missing(`${scope.template.Resources[logicalId]?.Type} ${logicalId} has no local attribute ${name}`)
  );
}

function missing(message: string): never {
  throw new Error(message);
}

const placeholder = /\$\{(!?)([^}]+)\}/g;

function substitute(argument: unknown, scope: Scope): string {
  const [text, variables] = (Array.isArray(argument) ? argument : [argument, {}]) as [string, Record<string, unknown>];
  return text.replace(placeholder, (_all, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    if (name in variables) return String(evaluate(variables[name], scope));
    return String(name.includes('.') ? attribute(name.split(/\.(.*)/s), scope) : reference(name, scope));
  });
}

/** Logical ids a value refers to. */
export function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, argument]) => {
    if (key === 'Ref') return [String(argument)];
    if (key === 'Fn::GetAtt')
      return [Array.isArray(argument) ? String(argument[0]) : (String(argument).split('.')[0] ?? '')];
    if (key !== 'Fn::Sub') return referencesIn(argument);
    const [text, variables] = (Array.isArray(argument) ? argument : [argument, {}]) as [string, unknown];
    const named = [...text.matchAll(placeholder)].map((match) => (match[2] ?? '').split('.')[0] ?? '');
    return [...named, ...referencesIn(variables)];
  });
}
