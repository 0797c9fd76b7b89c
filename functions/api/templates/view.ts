import { derivedId } from '../../core/ids.ts';
import { iso, isoOrNull } from '../../core/iso-time.ts';
import type { Template, TemplateVersion } from '../../core/template/template.ts';
import type { ListedVersion } from '../../core/template/versions.ts';

/** A template as the list shows it. */
export function templateSummary(template: Template) {
  return {
    id: template.id,
    name: template.name,
    status: template.published ? 'published' : 'draft',
    published_at: template.published ? iso(template.published.atMs) : null,
    created_at: iso(template.createdAtMs),
    updated_at: iso(template.updatedAtMs),
    alias: template.alias ?? null,
  };
}

/** A template with the content of its newest content. */
export function templateDetail(template: Template, { id: versionId, content }: TemplateVersion) {
  return {
    object: 'template',
    ...templateSummary(template),
    current_version_id: versionId,
    ...contentView(template, content),
    has_unpublished_versions: template.published?.versionId !== template.versionId,
  };
}

/** A version of a template in the list of its versions. */
export const versionRow = ({ id, status, publishedAtMs }: ListedVersion) => ({
  id,
  status,
  published_at: isoOrNull(publishedAtMs),
});

/** A version of a template with its content. */
export const versionDetail = (template: Template, { id, content }: TemplateVersion) => ({
  object: 'template_version',
  id,
  template_id: template.id,
  ...contentView(template, content),
});

function contentView(template: Template, content: TemplateVersion['content']) {
  return {
    from: content.from ?? null,
    subject: content.subject ?? null,
    reply_to: content.replyTo ?? null,
    html: content.html,
    text: content.text ?? null,
    variables: content.variables.map(({ key, type, fallbackValue }) => ({
      id: derivedId(template.id, key),
      key,
      type,
      fallback_value: fallbackValue ?? null,
      created_at: iso(template.createdAtMs),
      updated_at: iso(template.updatedAtMs),
    })),
  };
}
