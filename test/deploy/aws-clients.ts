/** The account and region that LocalStack and MiniStack have unless told otherwise. */
export const region = 'us-east-1';
export const accountId = '000000000000';

/** Keys that no AWS account has: should a call ever get out to AWS, it is refused there. */
export const dummyKeys = { accessKeyId: 'test', secretAccessKey: 'test' };

/** What every SDK client of the deploy test is made with: it cannot speak to another endpoint than this. */
export function clientOptions(endpoint: string) {
  return {
    endpoint,
    region,
    credentials: dummyKeys,
    // Queue URLs name the host that the emulator calls itself, which need not be resolvable here.
    useQueueUrlAsEndpoint: false,
  };
}

/** Headers for a call by hand, where the SDK's client would be a dependency for this one call: an emulator checks no signature. */
export function headersFor(service: string, contentType: string): Record<string, string> {
  const scope = `${dummyKeys.accessKeyId}/20260101/${region}/${service}/aws4_request`;
  return {
    'content-type': contentType,
    authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
  };
}

/** Calls an action of a JSON service by hand; `action` as `x-amz-target` names it. Throws unless it went well. */
export async function callJson(endpoint: string, service: string, action: string, input: object): Promise<unknown> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { ...headersFor(service, 'application/x-amz-json-1.1'), 'x-amz-target': action },
    body: JSON.stringify(input),
  });
  if (!response.ok) throw new Error(`${action} answered ${response.status}: ${await response.text()}`);
  return response.json();
}
