import { recordKey } from '../../../../functions/core/email/record.ts';
import type { ApiClient } from '../../../helpers/api-client.ts';
import { plainEmail } from '../../../helpers/sending-simulation.ts';

/** Sends an email through the API; answers its id. */
export const send = async ({ ask }: ApiClient, fields: Record<string, unknown> = {}): Promise<string> => {
  const { status, body } = await ask('POST', '/emails', { ...plainEmail, ...fields });
  if (status !== 200) throw new Error(body.message);
  return body.id;
};

/** Sets fields of its record. */
export const set = ({ backend }: ApiClient, id: string, fields: Record<string, string | number>) =>
  backend.table.update(recordKey(id), { set: fields });
