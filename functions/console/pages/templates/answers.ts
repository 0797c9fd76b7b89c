import type { templateDetail, templateSummary, versionDetail, versionRow } from '../../../api/templates/view.ts';

export type TemplateRow = ReturnType<typeof templateSummary>;
export type Template = ReturnType<typeof templateDetail>;
export type VersionRow = ReturnType<typeof versionRow>;
export type Version = ReturnType<typeof versionDetail>;
