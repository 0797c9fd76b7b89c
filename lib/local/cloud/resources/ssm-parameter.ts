import type { Parameter } from '../aws/secrets.ts';
import type { CreateResource } from '../stack.ts';
import { physicalName, type ResourceContext } from './context.ts';

type Properties = { Name?: string; Type: Parameter['type']; Value: string };

/** AWS::SSM::Parameter; a value given to the cloud under its name wins over the template's. */
export function ssmParameter(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const { Name, Type: type, Value: value } = properties as Properties;
    const name = Name ?? physicalName(context, logicalId);
    const { parameters } = context.secretStore;
    const parameter = parameters.get(name) ?? { type, value };
    parameters.set(name, parameter);
    return { ref: name, attributes: { Type: parameter.type, Value: parameter.value } };
  };
}
