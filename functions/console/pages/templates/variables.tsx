import { useSignal } from '@preact/signals';
import { Action } from '../../parts/index.ts';
import type { EditedVariable, TemplateFields } from './template-fields.ts';

/** The variables with their fallbacks, and the values that the preview and a test have. */
export function Variables({ fields: { variables, values } }: { fields: TemplateFields }) {
  const change = (key: string, fields: Partial<EditedVariable>) => {
    variables.value = variables.value.map((one) => (one.key === key ? { ...one, ...fields } : one));
  };
  return (
    <section class="table" aria-label="Variables">
      <table class="variables">
        <thead>
          <tr>
            <th scope="col">Variable</th>
            <th scope="col">Type</th>
            <th scope="col">Fallback</th>
            <th scope="col">In the preview</th>
            <th scope="col">
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {variables.value.map(({ key, type, fallback }) => (
            <tr key={key}>
              <th scope="row">
                <code>{key}</code>
              </th>
              <td>
                <select
                  aria-label={`Type of ${key}`}
                  value={type}
                  onInput={(event) =>
                    change(key, { type: event.currentTarget.value === 'number' ? 'number' : 'string' })
                  }
                >
                  <option value="string">text</option>
                  <option value="number">number</option>
                </select>
              </td>
              <td>
                <input
                  aria-label={`Fallback of ${key}`}
                  placeholder="none"
                  // One of the types; JSX's type wants to know which.
                  type={(type === 'number' ? 'number' : 'text') as 'text'}
                  value={fallback}
                  onInput={(event) => change(key, { fallback: event.currentTarget.value })}
                />
              </td>
              <td>
                <input
                  aria-label={`Value of ${key} in the preview`}
                  value={values.value[key] ?? ''}
                  onInput={(event) => {
                    values.value = { ...values.value, [key]: event.currentTarget.value };
                  }}
                />
              </td>
              <td>
                <Action
                  label="Remove"
                  name={`Remove ${key}`}
                  tone="quiet"
                  run={() => {
                    variables.value = variables.value.filter((one) => one.key !== key);
                  }}
                />
              </td>
            </tr>
          ))}
          <AddRow fields={{ variables }} />
        </tbody>
      </table>
    </section>
  );
}

function AddRow({ fields: { variables } }: { fields: Pick<TemplateFields, 'variables'> }) {
  const key = useSignal('');
  const isTaken = variables.value.some((one) => one.key === key.value);
  const add = () => {
    variables.value = [...variables.value, { key: key.value, type: 'string', fallback: '' }];
    key.value = '';
  };
  return (
    <tr>
      <td colSpan={4}>
        <input
          class="code"
          aria-label="Key of a new variable"
          placeholder="NEW_VARIABLE"
          maxLength={50}
          value={key.value}
          onInput={(event) => {
            key.value = event.currentTarget.value.replace(/\W/g, '_');
          }}
        />
      </td>
      <td>
        <Action label="Add" name="Add variable" tone="quiet" disabled={key.value === '' || isTaken} run={add} />
      </td>
    </tr>
  );
}
