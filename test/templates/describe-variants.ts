/** Names a set of variants: by the option that they, or the others, have in common, otherwise one by one. */
export function describeVariants(names: readonly string[], all: readonly string[]): string {
  const others = all.filter((name) => !names.includes(name));
  if (others.length === 0) return 'every variant';
  const [shared, missing] = [optionOf(names, others), optionOf(others, names)];
  if (shared) return `every variant with ${shared}`;
  if (missing) return `every variant without ${missing}`;
  if (others.length < names.length) return `every variant but: ${others.join(' | ')}`;
  return `${names.length} of ${all.length} variants: ${names.join(' | ')}`;
}

/** An option that all of these have and none of those. */
function optionOf(these: readonly string[], those: readonly string[]): string | undefined {
  const has = (name: string, option: string) => name.split(' ').includes(option);
  return these[0]
    ?.split(' ')
    .find((option) => these.every((name) => has(name, option)) && !those.some((name) => has(name, option)));
}
