import { timeSort } from '../document/time-sort.ts';
import { limits } from '../email/schema.ts';
import { invalid, notFound, SendoffError } from '../errors.ts';
import { isId } from '../ids.ts';
import type { Table } from '../ports/table.ts';
import {
  aliasKey,
  checkContent,
  type PublishedVersion,
  publishedVersion,
  TEMPLATE_PARTITION,
  type Template,
  type TemplateContent,
  type TemplateVersion,
  templateKey,
  templateLimits,
  versionKey,
  versionsPartition,
} from './template.ts';

export interface TemplateStoreDependencies {
  readonly table: Table;
  readonly now: () => number;
  readonly newId: () => string;
  /** How long emails are kept after they are due, in ms: their version is kept as long. */
  readonly retentionMs: number;
}

/** A change of a template; null clears a field. */
export interface TemplateChange {
  readonly name?: string;
  readonly alias?: string | null;
  readonly content: { readonly [Field in keyof TemplateContent]?: TemplateContent[Field] | null };
}

/** A template to create. */
export interface NewTemplate extends TemplateChange {
  readonly name: string;
  readonly content: TemplateChange['content'] & { readonly html: string };
}

/** Concurrent changes of one template: so many tries. */
const TRIES = 5;
const DAY_MS = 86_400_000;

/** The template with this id or alias; 404 if there is none. */
export async function findTemplate(table: Table, idOrAlias: string): Promise<Template> {
  const template = isId(idOrAlias)
    ? await table.get<Template>(templateKey(idOrAlias))
    : await byAlias(table, idOrAlias);
  if (!template) throw notFound('Template');
  return template;
}

async function byAlias(table: Table, alias: string): Promise<Template | undefined> {
  // Longer than any alias; DynamoDB refuses a key that is too long with an error.
  if (alias.length > 500) return undefined;
  const pointer = await table.get<{ templateId: string }>(aliasKey(alias));
  const template = pointer && (await table.get<Template>(templateKey(pointer.templateId)));
  // A request that died while it changed the alias leaves the old pointer.
  return template?.alias === alias ? template : undefined;
}

/** The version that a template's document names as its newest. */
export async function newestVersion(table: Table, { versionId }: Template): Promise<TemplateVersion> {
  const version = await table.get<TemplateVersion>(versionKey(versionId));
  if (!version) throw gone();
  return version;
}

/** Creates a draft; answers its id. 422 for wrong content or an alias in use. */
export async function createTemplate(
  { name, alias, content: given }: NewTemplate,
  { table, now, newId }: TemplateStoreDependencies,
): Promise<string> {
  const [id, versionId, nowMs] = [newId(), newId(), now()];
  const content = merged({ html: given.html, variables: [] }, given);
  const version: TemplateVersion = { id: versionId, templateId: id, revision: 1, content };
  const template: Template = {
    id,
    name,
    ...(alias ? { alias } : {}),
    versionId,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  if (alias) await takeAlias(table, alias, id);
  await table.insert({ key: versionKey(versionId), fields: version });
  const list = { partition: TEMPLATE_PARTITION, sort: timeSort(nowMs, id) };
  await table.insert({ key: templateKey(id), fields: template, list });
  return id;
}

/** Points an alias to a template. An alias whose template no longer has it is free. */
async function takeAlias(table: Table, alias: string, templateId: string): Promise<void> {
  const { applied, document } = await table.insert<{ templateId: string }>({
    key: aliasKey(alias),
    fields: { templateId },
  });
  if (applied || !document || document.templateId === templateId) return;
  const holder = await table.get<Template>(templateKey(document.templateId));
  const freed =
    holder?.alias !== alias &&
    (await table.update(aliasKey(alias), { set: { templateId } }, [{ templateId: document.templateId }])).applied;
  if (!freed)
    throw invalid(`Invalid \`alias\` field: another template has the alias \`${alias}\`.`, 'validation_error');
}

/** Changes a template. What is published stays as it is until the next publish. */
export async function changeTemplate(
  idOrAlias: string,
  { name, alias, content }: TemplateChange,
  dependencies: TemplateStoreDependencies,
): Promise<string> {
  const { table, now } = dependencies;
  const template = await findTemplate(table, idOrAlias);
  if (Object.keys(content).length > 0) await changeContent(template, content, dependencies);
  if (typeof alias === 'string' && alias !== template.alias) await takeAlias(table, alias, template.id);
  await table.update(templateKey(template.id), {
    set: { ...(name === undefined ? {} : { name }), ...(alias ? { alias } : {}), updatedAtMs: now() },
    remove: alias === null ? ['alias'] : [],
  });
  if (alias !== undefined && template.alias !== undefined && alias !== template.alias)
    await table.delete(aliasKey(template.alias), [{ templateId: template.id }]);
  return template.id;
}

/** Writes the changed content to the draft; a template without a draft gets one. */
async function changeContent(
  found: Template,
  change: TemplateChange['content'],
  { table, newId }: TemplateStoreDependencies,
): Promise<void> {
  let template: Template | undefined = found;
  for (let tries = 0; template && tries < TRIES; tries++) {
    const version = await newestVersion(table, template);
    const { id, templateId, revision, frozen } = version;
    const content = merged(version.content, change);
    if (!frozen) {
      const set = { content, revision: revision + 1 };
      if ((await table.update(versionKey(id), { set }, [{ revision, frozen: { exists: false } }])).applied) return;
    } else {
      const draftId = newId();
      const draft: TemplateVersion = { id: draftId, templateId, revision: 1, content };
      await table.insert({ key: versionKey(draftId), fields: draft });
      const set = { versionId: draftId };
      if ((await table.update(templateKey(template.id), { set }, [{ versionId: id }])).applied) return;
      await table.delete(versionKey(draftId));
    }
    template = await table.get<Template>(templateKey(found.id));
  }
  if (!template) throw notFound('Template');
  throw concurrent();
}

function merged(before: TemplateContent, change: TemplateChange['content']): TemplateContent {
  const entries = Object.entries({ ...before, ...change }).filter(([, value]) => value !== null && value !== undefined);
  return checkContent(Object.fromEntries(entries) as TemplateContent);
}

/** Publishes the newest version: emails accepted from now on use it. */
export async function publishTemplate(
  idOrAlias: string,
  { table, now, retentionMs }: TemplateStoreDependencies,
): Promise<string> {
  const template = await findTemplate(table, idOrAlias);
  if (template.published?.versionId === template.versionId) return template.id;
  // Frozen first: no change can reach the version between here and the next write.
  const frozen = await table.update<TemplateVersion>(versionKey(template.versionId), { set: { frozen: true } });
  if (!frozen.document) throw gone();
  const published = publishedVersion(frozen.document, now());
  const { applied } = await table.update(templateKey(template.id), { set: { published, updatedAtMs: now() } }, [
    { versionId: template.versionId },
  ]);
  if (!applied) throw concurrent();
  if (template.published) await supersede(table, template.id, template.published, now() + keptMs(retentionMs));
  return template.id;
}

/** Copies a template as a draft; answers the copy's id. */
export async function duplicateTemplate(idOrAlias: string, dependencies: TemplateStoreDependencies): Promise<string> {
  const template = await findTemplate(dependencies.table, idOrAlias);
  const { content } = await newestVersion(dependencies.table, template);
  const name = `${template.name} (copy)`.slice(0, templateLimits.nameLength);
  return createTemplate({ name, content }, dependencies);
}

/** Deletes a template. Emails that were accepted with it are sent. */
export async function deleteTemplate(
  idOrAlias: string,
  { table, now, retentionMs }: TemplateStoreDependencies,
): Promise<string> {
  const template = await findTemplate(table, idOrAlias);
  const { id, alias, versionId, published } = template;
  await table.delete(templateKey(id));
  if (alias !== undefined) await table.delete(aliasKey(alias), [{ templateId: id }]);
  if (published) await expire(table, published.versionId, now() + keptMs(retentionMs));
  if (published?.versionId !== versionId) await table.delete(versionKey(versionId));
  return id;
}

/** The latest email of a version is due when the longest schedule ends, and is kept from then on. */
const keptMs = (retentionMs: number): number => limits.scheduleDays * DAY_MS + retentionMs;

/** A version gives way to another one: it is kept for the emails that use it, and listed for people until then. */
async function supersede(
  table: Table,
  templateId: string,
  { versionId, atMs }: PublishedVersion,
  expiresAtMs: number,
): Promise<void> {
  const list = { partition: versionsPartition(templateId), sort: timeSort(atMs, versionId) };
  await table.update(versionKey(versionId), { expiresAtMs, list });
}

async function expire(table: Table, versionId: string, expiresAtMs: number): Promise<void> {
  await table.update(versionKey(versionId), { expiresAtMs });
}

const gone = () => new SendoffError('application_error', 500, 'The content of this template is gone');
const concurrent = () => new SendoffError('validation_error', 409, 'The template is being changed by another request');
