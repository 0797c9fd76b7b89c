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
