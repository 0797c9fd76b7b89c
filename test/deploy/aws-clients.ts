/** The default account and region of LocalStack and MiniStack. */
export const region = 'us-east-1';
export const accountId = '000000000000';

/** Keys of no AWS account: if a call ever reached AWS, AWS would refuse it. */
export const dummyKeys = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Options of every SDK client of the deploy test: it can only call this endpoint. */
export function clientOptions(endpoint: string) {
  return {
    endpoint,
    region,
    credentials: dummyKeys,
    // Queue URLs have the emulator's own host name, which may not be resolvable here.
    useQueueUrlAsEndpoint: false,
  };
}

/** Headers for a call without an SDK client, which would be a dependency for this one call. Emulators check no signature. */
export function headersFor(service: string, contentType: string): Record<string, string> {
  const scope = `${dummyKeys.accessKeyId}/20260101/${region}/${service}/aws4_request`;
  return {
    'content-type': contentType,
    authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
  };
}

/** Calls an action of a JSON service without the SDK; `action` is the `x-amz-target`. Throws if the call fails. */
export async function callJson(endpoint: string, service: string, action: string, input: object): Promise<unknown> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { ...headersFor(service, 'application/x-amz-json-1.1'), 'x-amz-target': action },
    body: JSON.stringify(input),
  });
  if (!response.ok) throw new Error(`${action} answered ${response.status}: ${await response.text()}`);
  return response.json();
}
