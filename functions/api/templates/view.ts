import { derivedId } from '../../core/ids.ts';
import { iso } from '../../core/iso-time.ts';
import type { Template, TemplateVersion } from '../../core/template/template.ts';

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
    has_unpublished_versions: template.published?.versionId !== template.versionId,
  };
}
