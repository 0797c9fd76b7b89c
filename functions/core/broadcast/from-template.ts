import { invalid, SendoffError } from '../errors.ts';
import type { Table } from '../ports/table.ts';
import { findTemplate } from '../template/store.ts';
import { type TemplateVersion, versionKey } from '../template/template.ts';
import type { BroadcastContent } from './content.ts';

/** The fields that a broadcast takes from a published template. */
export interface CopiedTemplate {
  readonly from?: string | undefined;
  readonly subject?: string | undefined;
  readonly replyTo?: readonly string[] | undefined;
  readonly content: Pick<BroadcastContent, 'html' | 'text' | 'fallbacks'>;
}

/**
 * Copies the published version of a template: later changes of it do not change the broadcast. Its variables are placeholders like others;
 * their fallbacks are kept.
 *
 * @throws 404 for a template that does not exist, 422 for one that is not published.
 */
export async function copyTemplate(table: Table, idOrAlias: string): Promise<CopiedTemplate> {
  const { published } = await findTemplate(table, idOrAlias);
  if (!published)
    throw invalid('Invalid `template.id` field: this template is a draft; publish it first.', 'validation_error');
  const version = await table.get<TemplateVersion>(versionKey(published.versionId));
  if (!version) throw new SendoffError('application_error', 500, 'The content of this template is gone');
  const { html, text, variables, from, subject, replyTo } = version.content;
  const fallbacks = variables.flatMap(({ key, fallbackValue }) =>
    fallbackValue === undefined ? [] : [[key, fallbackValue] as const],
  );
  return {
    from,
    subject,
    replyTo,
    content: {
      html,
      ...(text === undefined ? {} : { text }),
      ...(fallbacks.length > 0 ? { fallbacks: Object.fromEntries(fallbacks) } : {}),
    },
  };
}
