import type { CreateResource } from '../stack.ts';
import { physicalName, type ResourceContext } from './context.ts';

/** AWS::S3::Bucket on fauxqs; versioning, encryption, lifecycle and public access have no local behaviour. */
export function s3Bucket(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const given = properties.BucketName;
    const name = typeof given === 'string' ? given : physicalName(context, logicalId, 63).toLowerCase();
    if (!context.fauxqs.s3Store.hasBucket(name)) context.fauxqs.s3Store.createBucket(name);
    const domain = `${name}.s3.amazonaws.com`;
    const domains = { DomainName: domain, RegionalDomainName: domain, DualStackDomainName: domain };
    const attributes = { Arn: `arn:aws:s3:::${name}`, ...domains };
    return { ref: name, attributes };
  };
}
