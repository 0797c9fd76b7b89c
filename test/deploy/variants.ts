import { options } from '../../lib/config.ts';

/** A way to deploy Sendoff that the deploy test runs from the first deployment to the removal. */
export interface Variant {
  readonly name: string;
  /** Given to `cdk deploy` with -c. Every variant but the default has a stage, so that all could stand side by side. */
  readonly config: Readonly<Record<string, string>>;
}

export const variants: readonly Variant[] = [
  { name: 'default', config: {} },
  { name: 'api=rest', config: { stage: 'rest', api: 'rest' } },
  { name: 'backend=redis', config: { stage: 'redis', backend: 'redis' } },
];

/** Why a variant cannot be deployed by this version; undefined when it can. */
export function unknownOption({ config }: Variant): string | undefined {
  for (const [name, value] of Object.entries(config)) {
    const option = Object.entries(options).find(([known]) => known === name)?.[1];
    if (option?.parse(value) === undefined) return `lib/config.ts knows no ${name}=${value}`;
  }
  return undefined;
}
