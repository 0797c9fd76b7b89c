import type { LocalSendoff } from '../../lib/local/start.ts';

/** POSTs to the API; throws unless it answers 2xx. */
export async function requestTo({ cloud, apiKey }: LocalSendoff, path: string, body: unknown): Promise<void> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const response = await fetch(`${cloud.apiUrl}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}
