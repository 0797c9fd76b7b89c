import type { CreateResource } from '../stack.ts';
import { physicalName, type ResourceContext } from './context.ts';

/** AWS::SES::ConfigurationSet. */
export function sesConfigurationSet(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const name = typeof properties.Name === 'string' ? properties.Name : physicalName(context, logicalId);
    const { SendingEnabled } = (properties.SendingOptions ?? {}) as { SendingEnabled?: boolean };
    context.ses.putConfigurationSet(name);
    context.ses.setSendingEnabled(name, SendingEnabled ?? true);
    return { ref: name, attributes: {} };
  };
}
