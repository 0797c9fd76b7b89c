import type { LocalLog } from './log.ts';
import { type CreatedResource, conditionHolds, evaluate, referencesIn, type Scope, type Template } from './template.ts';

/** A resource on its way to being created, its intrinsics resolved. */
export type ResourceInput<P = Record<string, unknown>> = { logicalId: string; type: string; properties: P };
/** Turns the properties of one resource into calls on the emulators. */
export type CreateResource = (input: ResourceInput) => CreatedResource | Promise<CreatedResource>;

/** Logical ids in an order in which everything comes after what it refers to or depends on. */
export function creationOrder(template: Template): string[] {
  const order: string[] = [];
  const visiting = new Set<string>();
  const visit = (logicalId: string, path: string[]) => {
    const resource = template.Resources[logicalId];
    if (!resource || order.includes(logicalId)) return;
    if (visiting.has(logicalId)) throw new Error(`The template has a circle: ${[...path, logicalId].join(' → ')}`);
    visiting.add(logicalId);
    const explicit = resource.DependsOn === undefined ? [] : [resource.DependsOn].flat();
    for (const next of [...explicit, ...referencesIn(resource.Properties)]) visit(next, [...path, logicalId]);
    order.push(logicalId);
  };
  for (const logicalId of Object.keys(template.Resources)) visit(logicalId, []);
  return order;
}

/** Creates all resources of a template, one after the other. A type that is in neither list is an error that names it. */
export async function createStack(
  scope: Scope,
  types: Map<string, CreateResource>,
  typesWithoutBehaviour: Set<string>,
  log: LocalLog,
): Promise<void> {
  const order = creationOrder(scope.template);
  assertKnownTypes(scope.template, types, typesWithoutBehaviour);
  for (const logicalId of order) {
    const resource = scope.template.Resources[logicalId];
    if (!resource || (resource.Condition !== undefined && !conditionHolds(resource.Condition, scope))) continue;
    const create = types.get(resource.Type);
    if (!create) {
      log({ kind: 'no-local-behaviour', logicalId, type: resource.Type });
      // Something may still refer to it: a policy to its log group, an alarm action to a dashboard.
      scope.created.set(logicalId, { ref: logicalId, attributes: anyAttribute(logicalId) });
      continue;
    }
    try {
      const properties = evaluate(resource.Properties ?? {}, scope) as Record<string, unknown>;
      const created = await create({ logicalId, type: resource.Type, properties });
      scope.created.set(logicalId, created);
      log({ kind: 'created', logicalId, type: resource.Type, ref: created.ref });
    } catch (cause) {
      throw new Error(`${resource.Type} ${logicalId} cannot be created locally: ${String(cause)}`, { cause });
    }
  }
}

function assertKnownTypes(template: Template, types: Map<string, CreateResource>, without: Set<string>): void {
  const unknown = Object.entries(template.Resources).filter(([, { Type }]) => !types.has(Type) && !without.has(Type));
  if (unknown.length === 0) return;
  const named = unknown.map(([logicalId, { Type }]) => `${Type} (${logicalId})`).join(', ');
  throw new Error(`The local cloud has no behaviour for: ${named}. Add lib/local/resources/<type>.ts`);
}

/** A resource without local behaviour has every attribute: an ARN-like name that leads nowhere. */
function anyAttribute(logicalId: string): Record<string, string> {
  return new Proxy({}, { get: (_target, name) => `arn:aws:local:::${logicalId}/${String(name)}` });
}

/** Resolves the Outputs of a template. */
export function resolveOutputs(scope: Scope): Record<string, string> {
  const outputs = Object.entries(scope.template.Outputs ?? {});
  const present = outputs.filter(([, { Condition }]) => Condition === undefined || conditionHolds(Condition, scope));
  return Object.fromEntries(present.map(([name, { Value }]) => [name, String(evaluate(Value, scope))]));
}
