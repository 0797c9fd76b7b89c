/** Reads `Prefix.member.1`, `.2`, … of the Query API; gaps end the list, as on AWS. */
export function memberList(params: URLSearchParams, prefix: string): string[] {
  const values: string[] = [];
  for (let index = 1; ; index++) {
    const value = params.get(`${prefix}.member.${index}`);
    if (value === null) return values;
    values.push(value);
  }
}

/** Reads `Prefix.member.N.Name` and `.Value` pairs. */
export function memberPairs(params: URLSearchParams, prefix: string): { name: string; value: string }[] {
  const pairs: { name: string; value: string }[] = [];
  for (let index = 1; ; index++) {
    const name = params.get(`${prefix}.member.${index}.Name`);
    const value = params.get(`${prefix}.member.${index}.Value`);
    if (name === null && value === null) return pairs;
    pairs.push({ name: name ?? '', value: value ?? '' });
  }
}
