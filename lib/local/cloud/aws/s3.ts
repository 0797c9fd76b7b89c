import type { Fauxqs } from '../emulators/fauxqs.ts';
import type { AwsAnswer, AwsCall, AwsService, PermissionCheck, WireRequest } from './call.ts';
import { plainHeaders, s3Error } from './wire.ts';

type Target = { bucket: string; key: string; query: URLSearchParams };

/** The actions of requests to an object; S3 tells actions by method, key and query. */
const objectActions: Record<string, string> = {
  GET: 'GetObject',
  PUT: 'PutObject',
  HEAD: 'HeadObject',
  DELETE: 'DeleteObject',
};
const bucketActions: Record<string, string> = {
  GET: 'ListObjectsV2',
  PUT: 'CreateBucket',
  HEAD: 'HeadBucket',
  DELETE: 'DeleteBucket',
};
/** Actions whose permission has another name. */
const permissionOf: Record<string, string> = {
  HeadObject: 'GetObject',
  DeleteObjects: 'DeleteObject',
  ListObjectsV2: 'ListBucket',
  HeadBucket: 'ListBucket',
  ListBuckets: 'ListAllMyBuckets',
  CreateMultipartUpload: 'PutObject',
  UploadPart: 'PutObject',
  CompleteMultipartUpload: 'PutObject',
};

function targetOf(path: string): Target {
  const [pathname = '/', query = ''] = path.split('?', 2);
  const [, bucket = '', ...key] = pathname.split('/');
  return { bucket, key: decodeURIComponent(key.join('/')), query: new URLSearchParams(query) };
}

function actionOf(request: WireRequest): string | undefined {
  const { bucket, key, query } = targetOf(request.path);
  if (bucket === '') return request.method === 'GET' ? 'ListBuckets' : undefined;
  if (request.method === 'POST') {
    if (query.has('uploads')) return 'CreateMultipartUpload';
    if (query.has('uploadId')) return 'CompleteMultipartUpload';
    return query.has('delete') ? 'DeleteObjects' : undefined;
  }
  if (query.has('uploadId')) return request.method === 'DELETE' ? 'AbortMultipartUpload' : 'UploadPart';
  if (query.has('lifecycle')) return `${request.method === 'GET' ? 'Get' : 'Put'}BucketLifecycleConfiguration`;
  return (key === '' ? bucketActions : objectActions)[request.method];
}

function permissions(call: AwsCall): PermissionCheck[] {
  const { bucket, key } = targetOf(call.path);
  const name = permissionOf[call.action] ?? call.action;
  const onObject = key !== '' || call.action === 'DeleteObjects';
  const resource = onObject ? `arn:aws:s3:::${bucket}/${key === '' ? '*' : key}` : `arn:aws:s3:::${bucket}`;
  return [{ action: `s3:${name}`, resources: [name === 'ListAllMyBuckets' ? '*' : resource] }];
}

/** S3 over fauxqs' routes. `mayList` says whether the caller may list the bucket: without it a missing key is a 403, as on AWS. */
export function createS3Service(fauxqs: Fauxqs, mayList: (call: AwsCall, bucketArn: string) => boolean): AwsService {
  return {
    name: 's3',
    actionOf,
    permissions,
    error: s3Error,
    deniedStatus: 403,
    deniedCode: 'AccessDenied',
    handle: async (call) => {
      const answer = await fauxqs.inject({
        method: call.method,
        url: call.path,
        headers: call.headers,
        payload: call.body,
      });
      const missing = answer.status === 404 && (call.action === 'GetObject' || call.action === 'HeadObject');
      if (missing && !mayList(call, `arn:aws:s3:::${targetOf(call.path).bucket}`)) {
        const denied = s3Error(403, 'AccessDenied', 'Access Denied');
        return call.method === 'HEAD' ? { ...denied, body: '' } : denied;
      }
      return { status: answer.status, headers: plainHeaders(answer.headers), body: answer.body } satisfies AwsAnswer;
    },
  };
}
