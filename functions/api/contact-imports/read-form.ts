import type { Context } from 'hono';
import { invalid, SendoffError } from '../../core/errors.ts';

/** A form with a file; the other fields are JSON, or plain text. */
export interface ImportForm {
  readonly file: Buffer;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The fields whose text is JSON. */
const JSON_FIELDS = ['column_map', 'segments', 'topics'];

/** Reads the request's body as `multipart/form-data`; 400 for another body, 422 for one without a file. */
export async function readImportForm(context: Context): Promise<ImportForm> {
  const form = await context.req.raw.formData().catch((cause: unknown) => {
    throw new SendoffError('validation_error', 400, 'The request body is not valid multipart/form-data', { cause });
  });
  const file = form.get('file');
  if (file === null) throw invalid('Missing `file` field.', 'missing_required_field');
  const options: Record<string, unknown> = {};
  for (const [name, value] of form) {
    if (name === 'file') continue;
    if (typeof value !== 'string') throw invalid(`Invalid \`${name.slice(0, 100)}\` field: only \`file\` is a file.`);
    options[name] = JSON_FIELDS.includes(name) ? parseField(name, value) : value;
  }
  return { file: typeof file === 'string' ? Buffer.from(file) : Buffer.from(await file.arrayBuffer()), options };
}

function parseField(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SendoffError('validation_error', 422, `Invalid \`${name}\` field: it is not valid JSON.`, { cause });
  }
}
