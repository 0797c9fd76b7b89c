import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SESClient } from '@aws-sdk/client-ses';
import { createSesMailer } from '../../functions/adapters/aws/ses-mailer.ts';
import { fetchFile } from '../../functions/adapters/http/fetch-file.ts';
import { composeMime } from '../../functions/adapters/mime/compose.ts';
import { parseMailbox } from '../../functions/core/email/address.ts';
import { parseEmail } from '../../functions/core/email/email.ts';
import { newRecord } from '../../functions/core/email/record.ts';
import { FETCH_MS } from '../../functions/core/email/send/send.ts';
import { newId } from '../../functions/core/ids.ts';
import type { LocalCloud } from './cloud/cloud.ts';

/** Starts an endpoint that sends inside the request, by the same code and the same SES: for comparison with Sendoff only. */
export async function startSynchronousSender(cloud: LocalCloud): Promise<{ url: string; close(): Promise<void> }> {
  const client = new SESClient({
    endpoint: cloud.awsEndpoint,
    region: 'us-east-1',
    credentials: cloud.credentials,
    maxAttempts: 1,
  });
  const mailer = createSesMailer(cloud.outputs.ConfigurationSetName ?? '', client);
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const email = await parseEmail(JSON.parse(Buffer.concat(chunks).toString()), Date.now());
    const record = newRecord(email, { id: newId(), fingerprint: '', queue: 'transactional' }, Date.now());
    const raw = await composeMime(record, email, fetchFile, FETCH_MS);
    const destinations = record.to.map((to) => parseMailbox(to, 'to').address);
    await mailer.send({ emailId: record.id, from: email.from.address, destinations, raw, tags: [] });
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ id: record.id }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => stop(server) };
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
