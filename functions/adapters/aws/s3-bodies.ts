import { DeleteObjectCommand, GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { clientOptions } from './clients.ts';
import type { LargeBodies } from './dynamodb/bodies.ts';
import { awsCall } from './errors.ts';
import { traced } from './traced-client.ts';

/** Large bodies as objects, which the lifecycle of the bucket deletes. Loaded by `import()` only for a large body. */
export function createS3Bodies(Bucket: string, client: S3Client = newClient()): LargeBodies {
  return {
    async put(Key, Body) {
      await awsCall('S3', () => client.send(new PutObjectCommand({ Bucket, Key, Body })));
    },
    async get(Key) {
      try {
        return await awsCall('S3', async () => {
          const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
          // The SDK repeats the request, but not the reading.
          return Body?.transformToByteArray();
        });
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    async delete(Key) {
      await awsCall('S3', () => client.send(new DeleteObjectCommand({ Bucket, Key })));
    },
  };
}

/** Path style for an emulator, whose host name cannot begin with a bucket. */
function newClient(): S3Client {
  return traced(new S3Client({ ...clientOptions, forcePathStyle: process.env.AWS_ENDPOINT_URL !== undefined }));
}
