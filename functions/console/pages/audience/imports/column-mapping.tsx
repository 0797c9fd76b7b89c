import type { Signal } from '@preact/signals';
import { Select } from '../../../parts/index.ts';
import type { Property } from '../answers.ts';
import { keyFor } from './column-targets.ts';
import type { CsvSample } from './csv.ts';

/** Fields of a contact that a column can have. */
const FIELDS = [
  ['email', 'Address'],
  ['first_name', 'First name'],
  ['last_name', 'Last name'],
  ['unsubscribed', 'Unsubscribed (yes or no)'],
] as const;

interface ColumnMappingProps {
  readonly sample: CsvSample;
  readonly targets: Readonly<Record<number, Signal<string>>>;
  readonly properties: readonly Property[];
}

/** The columns of the file with examples from it, and what becomes of each. */
export function ColumnMapping({ sample: { columns, rows }, targets, properties }: ColumnMappingProps) {
  return (
    <section class="table mapping" aria-label="Columns of the file">
      <table>
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Becomes</th>
            <th scope="col">Examples</th>
          </tr>
        </thead>
        <tbody>
          {columns.map((column, index) => (
            <tr key={index}>
              <th scope="row">{column}</th>
              <td>
                <Target column={column} target={targets[index]} properties={properties} />
              </td>
              <td class="faint">
                {rows
                  .map((row) => row[index])
                  .filter(Boolean)
                  .join(' · ')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface TargetProps {
  readonly column: string;
  readonly target: Signal<string> | undefined;
  readonly properties: readonly Property[];
}

function Target({ column, target, properties }: TargetProps) {
  if (!target) return null;
  const key = keyFor(column);
  const isKnown = properties.some((property) => property.key === key);
  return (
    <Select
      label={`What ${column} becomes`}
      hideLabel
      value={target}
      options={[
        ['', 'Not imported'],
        ...FIELDS,
        ...properties.map((property) => [`property:${property.key}`, `Property ${property.key}`] as const),
        ...(key === '' || isKnown
          ? []
          : ([
              [`string:${key}`, `New property ${key} (text)`],
              [`number:${key}`, `New property ${key} (number)`],
            ] as const)),
      ]}
    />
  );
}
