import { idIn, timeIn } from '../document/time-sort.ts';
import { notFound } from '../errors.ts';
import { isId } from '../ids.ts';
import type { Table } from '../ports/table.ts';
import { type Template, type TemplateVersion, versionKey, versionsPartition } from './template.ts';

/** A version in the list of a template's versions. */
export interface ListedVersion {
  readonly id: string;
  readonly status: 'draft' | 'published' | 'superseded';
  /** When it was published, epoch ms; absent for a draft. */
  readonly publishedAtMs?: number;
}

/** The most versions that a list has beside the draft and the published one. */
const SUPERSEDED = 100;

/**
 * The versions of a template, newest first: the draft if there are unpublished changes, the published one, and those before it that are
 * kept. One read; it reads no content.
 */
export async function listVersions(table: Table, template: Template): Promise<ListedVersion[]> {
  const { id, versionId, published } = template;
  const partition = versionsPartition(id);
  const entries = await table.query({ index: 'list', partition, order: 'descending', limit: SUPERSEDED });
  return [
    ...(versionId === published?.versionId ? [] : [{ id: versionId, status: 'draft' } as const]),
    ...(published ? [{ id: published.versionId, status: 'published', publishedAtMs: published.atMs } as const] : []),
    ...entries
      .map(({ sort }) => ({ id: idIn(sort), status: 'superseded', publishedAtMs: timeIn(sort) }) as const)
      .filter(({ id }) => id !== published?.versionId),
  ];
}

/** A version of this template; 404 if there is none, or if it has expired. */
export async function findVersion(table: Table, template: Template, id: string): Promise<TemplateVersion> {
  const version = isId(id) ? await table.get<TemplateVersion>(versionKey(id)) : undefined;
  if (version?.templateId !== template.id) throw notFound('Template version');
  return version;
}
