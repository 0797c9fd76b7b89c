import type { ComponentChildren } from 'preact';

/** Names and values of a record; entries whose value is undefined or null are left out. */
export function KeyValue({ list }: { list: readonly (readonly [name: string, value: ComponentChildren])[] }) {
  return (
    <dl class="key-value">
      {list
        .filter(([, value]) => value !== undefined && value !== null)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
