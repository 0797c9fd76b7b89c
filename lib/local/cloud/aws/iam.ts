import type { PermissionCheck } from './call.ts';
import { assertKnownOperators, type ConditionBlock, conditionsHold, matchesPattern } from './iam-conditions.ts';

/** A statement of an identity policy, as CloudFormation has it after its intrinsics are resolved. */
export type PolicyStatement = {
  Effect: string;
  Action?: string | string[];
  NotAction?: string | string[];
  Resource?: string | string[];
  NotResource?: string | string[];
  Condition?: ConditionBlock;
};

/** A decision of IAM; kept once per function, action and resource. */
export type Decision = { functionName: string; action: string; resource: string; allowed: boolean };
/**
 * An action on a resource that a role grants and no call needed so far; or, with `condition`, a value of a condition that no
 * call needed that this statement allowed.
 */
export type UnusedGrant = { role: string; action: string; resource: string; condition?: string };
/** A refused call, with the reason. */
export type Denied = { allowed: false; resource: string; reason: string };
/** The result of a permission check. */
export type Verdict = { allowed: true } | Denied;

/** Roles of the template and the functions that assume them. */
export type Iam = {
  addStatements: (role: string, statements: PolicyStatement[]) => void;
  /** A managed policy, to be attached by its ARN. */
  definePolicy: (arn: string, statements: PolicyStatement[]) => void;
  /** False when there is no such policy. */
  attachPolicy: (role: string, arn: string) => boolean;
  assume: (functionName: string, role: string) => void;
  check: (functionName: string, check: PermissionCheck) => Verdict;
  decisions: () => Decision[];
  unusedGrants: () => UnusedGrant[];
};

type Statement = {
  allow: boolean;
  actions: string[];
  notActions: string[];
  resources: string[];
  notResources: string[];
  conditions: ConditionBlock | undefined;
  used: Set<string>;
};

/**
 * Evaluates identity policies as IAM does: an explicit deny wins, then an allow is needed. Resource policies are not evaluated.
 * `onDenied` is called at each refusal.
 */
export function createIam(onDenied: (functionName: string, action: string, verdict: Denied) => void = () => {}): Iam {
  const roles = new Map<string, Statement[]>();
  const policies = new Map<string, PolicyStatement[]>();
  const roleOf = new Map<string, string>();
  const cache = new Map<string, Verdict>();
  const decisions = new Map<string, Decision>();
  const addStatements = (role: string, statements: PolicyStatement[]) => {
    roles.set(role, [...(roles.get(role) ?? []), ...statements.map(parseStatement)]);
    cache.clear();
  };
  const reach = (functionName: string, check: PermissionCheck): Verdict => {
    const key = `${functionName} ${check.action} ${check.resources.join(' ')}`;
    const cached = cache.get(key);
    if (cached) return cached;
    const statements = roles.get(roleOf.get(functionName) ?? '') ?? [];
    const verdict = decideAny(statements, check);
    // A verdict that depends on the call's context is not cached.
    const action = check.action.toLowerCase();
    if (!statements.some((statement) => statement.conditions && concerns(statement, action))) cache.set(key, verdict);
    const resource = check.resources.join(' or ');
    decisions.set(key, { functionName, action: check.action, resource, allowed: verdict.allowed });
    return verdict;
  };
  return {
    addStatements,
    definePolicy: (arn, statements) => void policies.set(arn, statements),
    attachPolicy: (role, arn) => {
      const statements = policies.get(arn);
      if (statements) addStatements(role, statements);
      return statements !== undefined;
    },
    assume: (functionName, role) => void roleOf.set(functionName, role),
    check: (functionName, check) => {
      const verdict = reach(functionName, check);
      if (!verdict.allowed) onDenied(functionName, check.action, verdict);
      return verdict;
    },
    decisions: () => [...decisions.values()],
    unusedGrants: () => [...roles].flatMap(([role, statements]) => statements.flatMap((s) => unused(role, s))),
  };
}

function list(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function parseStatement(statement: PolicyStatement): Statement {
  if (statement.Condition) assertKnownOperators(statement.Condition);
  return {
    allow: statement.Effect === 'Allow',
    // Action names are case-insensitive, resources are not.
    actions: list(statement.Action).map((action) => action.toLowerCase()),
    notActions: list(statement.NotAction).map((action) => action.toLowerCase()),
    resources: list(statement.Resource),
    notResources: list(statement.NotResource),
    conditions: statement.Condition,
    used: new Set(),
  };
}

function decideAny(statements: Statement[], check: PermissionCheck): Verdict {
  const verdicts = check.resources.map((resource) => decide(statements, check, resource));
  const denied = verdicts.find((verdict) => !verdict.allowed && verdict.reason.startsWith('explicit'));
  return denied ?? verdicts.find((verdict) => verdict.allowed) ?? (verdicts[0] as Verdict);
}

function decide(statements: Statement[], check: PermissionCheck, resource: string): Verdict {
  const action = check.action.toLowerCase();
  const matching = statements.filter((statement) => applies(statement, action, resource, check));
  if (matching.some((statement) => !statement.allow)) {
    return { allowed: false, resource, reason: `explicit deny in an identity-based policy` };
  }
  if (matching.length > 0) return { allowed: true };
  return { allowed: false, resource, reason: `no identity-based policy allows the ${check.action} action` };
}

function concerns({ actions, notActions }: Statement, action: string): boolean {
  const matches = (pattern: string) => matchesPattern(pattern, action);
  return notActions.length > 0 ? !notActions.some(matches) : actions.some(matches);
}

function applies(statement: Statement, action: string, resource: string, check: PermissionCheck): boolean {
  if (!concerns(statement, action)) return false;
  const actionPattern = statement.actions.find((pattern) => matchesPattern(pattern, action));
  const resourcePattern = statement.resources.find((pattern) => matchesPattern(pattern, resource));
  const excluded = statement.notResources.some((pattern) => matchesPattern(pattern, resource));
  if (statement.notResources.length > 0 ? excluded : resourcePattern === undefined) return false;
  const context = { 'aws:SecureTransport': ['true'], ...check.context };
  if (statement.conditions && !conditionsHold(statement.conditions, context)) return false;
  statement.used.add(`${actionPattern} ${resourcePattern}`);
  for (const pattern of patternsOf(statement)) {
    const values = Object.values(context).flat();
    if (values.some((value) => matchesPattern(pattern, value))) statement.used.add(pattern);
  }
  return true;
}

/** The patterns in a statement's conditions. */
function patternsOf({ conditions = {} }: Statement): string[] {
  const compared = Object.entries(conditions).filter(([operator]) => operator.endsWith('StringLike'));
  return compared.flatMap(([, keys]) => Object.values(keys).flat().map(String));
}

function unused(role: string, statement: Statement): UnusedGrant[] {
  if (!statement.allow) return [];
  const grants = statement.actions.flatMap((action) =>
    statement.resources.map((resource) => ({ role, action, resource })),
  );
  const [action, resource] = [statement.actions.join(), statement.resources.join()];
  const patterns = patternsOf(statement).map((condition) => ({ role, action, resource, condition }));
  return [
    ...grants.filter((grant) => !statement.used.has(`${grant.action} ${grant.resource}`)),
    ...patterns.filter(({ condition }) => !statement.used.has(condition)),
  ];
}
