import { invalid, SendoffError } from '../errors.ts';
import type { Table } from '../ports/table.ts';
import { fill, onOneLine } from './placeholders.ts';
import { findTemplate } from './store.ts';
import { type PublishedVersion, type TemplateVersion, templateLimits, versionKey } from './template.ts';

/** The template of an email as the email's body stores it: the content is made when it is sent or read. */
export type UsedTemplate = {
  readonly id: string;
  readonly versionId: string;
  /** The size of html and text before the values are inserted. */
  readonly bytes: number;
  readonly variables: TemplateValues;
};

export type TemplateValues = { readonly [key: string]: string | number };

/** A template as a request names it, by id or alias. */
export interface TemplateReference {
  readonly id: string;
  readonly variables?: Readonly<Record<string, string | number | null>> | undefined;
}

/** The fields that a published template gives an email. */
export interface PreparedTemplate {
  readonly used: UsedTemplate;
  readonly from?: string | undefined;
  readonly subject?: string | undefined;
  readonly replyTo?: readonly string[] | undefined;
}

/** Finds a template and checks the variables of a request. */
export type PrepareTemplate = (reference: TemplateReference) => Promise<PreparedTemplate>;

/**
 * Prepares templates of this table; each is read once.
 *
 * @throws 404 for a template that does not exist; 422 for one that is not published, or a variable that is missing or wrong.
 */
export function createPrepareTemplate(table: Table): PrepareTemplate {
  const found = new Map<string, ReturnType<typeof findTemplate>>();
  return async ({ id, variables = {} }) => {
    const finding = found.get(id) ?? findTemplate(table, id);
    found.set(id, finding);
    const { id: templateId, published } = await finding;
    if (!published)
      throw invalid('Invalid `template.id` field: this template is a draft; publish it first.', 'validation_error');
    const values = checkValues(variables, published);
    const { from, subject, replyTo, versionId, bytes } = published;
    return {
      used: { id: templateId, versionId, bytes, variables: values },
      from,
      subject: subject === undefined ? undefined : onOneLine(fill(subject, lookUpIn(values))),
      replyTo,
    };
  };
}

/** The values of the declared variables, with their fallbacks. Others are left out: clients send one set for many templates. */
function checkValues(given: NonNullable<TemplateReference['variables']>, { variables, required }: PublishedVersion) {
  const values: Record<string, string | number> = {};
  for (const { key, type, fallbackValue } of variables) {
    const value = (Object.hasOwn(given, key) ? given[key] : undefined) ?? fallbackValue;
    const field = `template.variables.${key}`;
    if (value === undefined) {
      if (required.includes(key))
        throw invalid(`Missing \`${field}\` field: the variable has no fallback.`, 'validation_error');
      continue;
    }
    if (typeof value !== type) throw invalid(`Invalid \`${field}\` field: it must be of type ${type}.`);
    if (typeof value === 'string' && value.length > templateLimits.valueLength)
      throw invalid(`Invalid \`${field}\` field: it must have at most ${templateLimits.valueLength} characters.`);
    values[key] = value;
  }
  return values;
}

const lookUpIn = (values: TemplateValues) => (key: string) =>
  Object.hasOwn(values, key) ? String(values[key]) : undefined;

/** The versions that were used lately; a published version never changes. */
const versions = new Map<string, TemplateVersion>();
const MOST_VERSIONS = 20;

/**
 * The html and text of an email with a template. The values are inserted as they are, as Resend does: they come from the caller
 * of the API, who may insert html.
 */
export async function contentOf(
  table: Pick<Table, 'get'>,
  { versionId, variables }: UsedTemplate,
): Promise<{ html: string; text?: string }> {
  const version = versions.get(versionId) ?? (await table.get<TemplateVersion>(versionKey(versionId)));
  if (!version) throw new SendoffError('application_error', 500, 'The template of this email is gone');
  versions.set(versionId, version);
  const [oldest = ''] = versions.keys();
  if (versions.size > MOST_VERSIONS) versions.delete(oldest);
  const { html, text } = version.content;
  const lookUp = lookUpIn(variables);
  return { html: fill(html, lookUp), ...(text === undefined ? {} : { text: fill(text, lookUp) }) };
}
