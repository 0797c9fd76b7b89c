/** Names that columns often have, in lower case and without marks between words. */
const OFTEN: Readonly<Record<string, string>> = {
  email: 'email',
  emailaddress: 'email',
  mail: 'email',
  address: 'email',
  firstname: 'first_name',
  givenname: 'first_name',
  vorname: 'first_name',
  lastname: 'last_name',
  surname: 'last_name',
  familyname: 'last_name',
  nachname: 'last_name',
  unsubscribed: 'unsubscribed',
};

/** The target of each column: the name of a field, `property:KEY`, or nothing. */
export function initialTargets(columns: readonly string[]): Record<number, string> {
  const taken = new Set<string>();
  const targets = columns.map((column) => {
    const field = OFTEN[column.toLowerCase().replace(/[^a-z]/g, '')];
    if (field === undefined || taken.has(field)) return '';
    taken.add(field);
    return field;
  });
  return Object.fromEntries(targets.map((target, index) => [index, target]));
}

/** The key of a property for a column that has none yet. */
export const keyFor = (column: string): string =>
  column
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 50);
