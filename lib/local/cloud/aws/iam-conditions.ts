/** The `Condition` of a policy statement: operator → key → values. */
export type ConditionBlock = Record<string, Record<string, unknown>>;
/** Values of the condition keys of one call. */
export type ConditionContext = Record<string, string[]>;

const patterns = new Map<string, RegExp>();

/** Whether a text matches an IAM pattern, in which `*` is any text and `?` any character. */
export function matchesPattern(pattern: string, text: string): boolean {
  if (pattern === '*' || pattern === text) return true;
  if (!pattern.includes('*') && !pattern.includes('?')) return false;
  let expression = patterns.get(pattern);
  if (!expression) {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    expression = new RegExp(`^${source}$`, 's');
    patterns.set(pattern, expression);
  }
  return expression.test(text);
}

type Compare = (expected: string, actual: string) => boolean;
const equals: Compare = (expected, actual) => expected === actual;
const equalsIgnoringCase: Compare = (expected, actual) => expected.toLowerCase() === actual.toLowerCase();

/** Operators that hold when a value matches one of the expected values, and those that hold when it matches none. */
const positive: Record<string, Compare> = {
  StringEquals: equals,
  StringEqualsIgnoreCase: equalsIgnoringCase,
  StringLike: matchesPattern,
  ArnEquals: matchesPattern,
  ArnLike: matchesPattern,
  Bool: equalsIgnoringCase,
  NumericEquals: (expected, actual) => Number(actual) === Number(expected),
  NumericLessThan: (expected, actual) => Number(actual) < Number(expected),
  NumericLessThanEquals: (expected, actual) => Number(actual) <= Number(expected),
  NumericGreaterThan: (expected, actual) => Number(actual) > Number(expected),
  NumericGreaterThanEquals: (expected, actual) => Number(actual) >= Number(expected),
};
const negative: Record<string, Compare> = {
  StringNotEquals: equals,
  StringNotEqualsIgnoreCase: equalsIgnoringCase,
  StringNotLike: matchesPattern,
  ArnNotEquals: matchesPattern,
  ArnNotLike: matchesPattern,
};

type Operator = { name: string; quantifier: 'all' | 'any' | undefined; ifExists: boolean };

function parseOperator(text: string): Operator {
  const match = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(text);
  const quantifier = match?.[1] === 'ForAllValues' ? 'all' : match?.[1] === 'ForAnyValue' ? 'any' : undefined;
  return { name: match?.[2] ?? text, quantifier, ifExists: match?.[3] !== undefined };
}

/** Throws for a condition operator that is not evaluated here, so that none is silently taken as met. */
export function assertKnownOperators(conditions: ConditionBlock): void {
  for (const operator of Object.keys(conditions)) {
    const { name } = parseOperator(operator);
    if (name !== 'Null' && !(name in positive) && !(name in negative)) {
      throw new Error(`The local cloud does not evaluate the IAM condition operator ${operator}`);
    }
  }
}

/** Whether every condition of a block is met. */
export function conditionsHold(conditions: ConditionBlock, context: ConditionContext): boolean {
  return Object.entries(conditions).every(([operator, keys]) =>
    Object.entries(keys).every(([key, expected]) => {
      const values = (Array.isArray(expected) ? expected : [expected]).map(String);
      return conditionHolds(parseOperator(operator), values, contextValue(context, key));
    }),
  );
}

function conditionHolds(operator: Operator, expected: string[], actual: string[] | undefined): boolean {
  if (operator.name === 'Null') return expected.includes(String(actual === undefined));
  const isNegative = operator.name in negative;
  if (actual === undefined) return isNegative || operator.ifExists || operator.quantifier === 'all';
  const compare = (isNegative ? negative : positive)[operator.name] ?? equals;
  const holds = (value: string) => expected.some((candidate) => compare(candidate, value)) !== isNegative;
  return operator.quantifier === 'all' ? actual.every(holds) : actual.some(holds);
}

/** Condition keys are case-insensitive. */
function contextValue(context: ConditionContext, key: string): string[] | undefined {
  const name = Object.keys(context).find((candidate) => candidate.toLowerCase() === key.toLowerCase());
  const values = name === undefined ? undefined : context[name];
  // A key without a value counts as absent.
  return values?.length === 0 ? undefined : values;
}
