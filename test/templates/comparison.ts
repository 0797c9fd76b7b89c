import type { Template, TemplateResource } from '../../lib/synth.ts';

/** How one template differs from an earlier one. */
export interface Comparison {
  /** Lines like `+ AWS::SQS::Queue Id`, `- Output Name`, `~ AWS::Lambda::Function Id: Description, Environment.Variables.A`. */
  readonly differences: readonly string[];
  /** Differences with which an update of a deployed stack would lose something, in words. */
  readonly losses: readonly string[];
}

/**
 * Resource types that hold data or that something outside the stack refers to, with the properties whose change makes
 * CloudFormation replace the resource or refuse the update.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
 */
const replacedBy: Readonly<Record<string, readonly string[]>> = {
  'AWS::DynamoDB::Table': ['TableName', 'KeySchema', 'LocalSecondaryIndexes', 'ImportSourceSpecification'],
  'AWS::S3::Bucket': ['BucketName'],
  'AWS::SQS::Queue': ['QueueName', 'FifoQueue'],
  'AWS::SNS::Topic': ['TopicName', 'FifoTopic'],
  // A new subscription of an email address must be confirmed again.
  'AWS::SNS::Subscription': ['TopicArn', 'Protocol', 'Endpoint'],
  'AWS::KMS::Key': ['KeySpec', 'KeyUsage', 'MultiRegion', 'Origin'],
  'AWS::SES::EmailIdentity': ['EmailIdentity'],
  'AWS::SES::ConfigurationSet': ['Name'],
  'AWS::Logs::LogGroup': ['LogGroupName', 'LogGroupClass'],
  // Callers know the URL.
  'AWS::ApiGatewayV2::Api': ['ProtocolType'],
  'AWS::ApiGateway::RestApi': [],
  'AWS::ApiGateway::Stage': ['StageName', 'RestApiId'],
};

/** Compares two templates. Hashes of assets do not count: every change of a function's code changes them. */
export function compareTemplates(before: Template, after: Template): Comparison {
  return {
    differences: [
      ...differencesIn(before.Resources, after.Resources, ({ Type }) => Type),
      ...differencesIn(before.Outputs ?? {}, after.Outputs ?? {}, () => 'Output'),
    ].sort((one, other) => one.slice(1).localeCompare(other.slice(1))),
    losses: Object.entries(before.Resources).flatMap(([id, resource]) => lossesOf(id, resource, after.Resources[id])),
  };
}

function differencesIn<T extends object>(
  before: Readonly<Record<string, T>>,
  after: Readonly<Record<string, T>>,
  typeOf: (entry: T) => string,
): string[] {
  const removed = Object.entries(before).filter(([id]) => !after[id]);
  const added = Object.entries(after).filter(([id]) => !before[id]);
  const changed = Object.entries(after).flatMap(([id, entry]) => {
    const paths = changedPaths(before[id] ?? entry, entry);
    return paths.length > 0 ? [`~ ${typeOf(entry)} ${id}: ${paths.join(', ')}`] : [];
  });
  return [
    ...removed.map(([id, entry]) => `- ${typeOf(entry)} ${id}`),
    ...added.map(([id, entry]) => `+ ${typeOf(entry)} ${id}`),
    ...changed,
  ];
}

function lossesOf(id: string, before: TemplateResource, after: TemplateResource | undefined): string[] {
  const replacing = replacedBy[before.Type];
  if (!replacing) return [];
  const name = `${before.Type} ${id}`;
  if (!after) return [`${name} is removed or has another logical id`];
  if (after.Type !== before.Type) return [`${name} is now a ${after.Type}`];
  const replaced = replacing.filter((property) =>
    isChanged(before.Properties?.[property], after.Properties?.[property]),
  );
  const kept = (['DeletionPolicy', 'UpdateReplacePolicy'] as const).filter(
    (policy) => isRetained(before[policy]) && !isRetained(after[policy]),
  );
  return [
    ...replaced.map((property) => `${name} is replaced: ${property} changes`),
    ...kept.map((policy) => `${name} is no longer retained: ${policy} changes`),
  ];
}

/** A resource that exists survives with either; the second is deleted when its own creation fails. */
const isRetained = (policy: string | undefined) => policy === 'Retain' || policy === 'RetainExceptOnCreate';

/** The paths at which two values differ, without `Properties`; a list counts as one value. */
function changedPaths(before: unknown, after: unknown, path: readonly string[] = []): string[] {
  if (!isChanged(before, after)) return [];
  if (!isObject(before) || !isObject(after))
    return [path.filter((name) => name !== 'Properties').join('.') || 'Properties'];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => changedPaths(before[name], after[name], [...path, name]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isChanged = (before: unknown, after: unknown): boolean => canonical(before) !== canonical(after);

/** JSON with sorted keys and without the hashes of assets. */
function canonical(value: unknown): string {
  const sorted = JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
  return (sorted ?? '').replace(/[0-9a-f]{64}/g, 'HASH');
}
