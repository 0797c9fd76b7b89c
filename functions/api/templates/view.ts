import { derivedId } from '../../core/ids.ts';
import type { Template, TemplateVersion } from '../../core/template/template.ts';

const iso = (atMs: number): string => new Date(atMs).toISOString();

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

/** A template with the content of its newest version. */
export function templateDetail(template: Template, version: TemplateVersion) {
  return {
    object: 'template',
    ...templateSummary(template),
    current_version_id: version.id,
    from: version.from ?? null,
    subject: version.subject ?? null,
    reply_to: version.replyTo ?? null,
    html: version.html,
    text: version.text ?? null,
    variables: version.variables.map(({ key, type, fallbackValue }) => ({
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
