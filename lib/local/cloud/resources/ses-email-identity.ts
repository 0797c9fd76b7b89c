import type { CreateResource } from '../stack.ts';
import type { ResourceContext } from './context.ts';

/** AWS::SES::EmailIdentity, an address or a domain; verified at once. */
export function sesEmailIdentity(context: ResourceContext): CreateResource {
  return ({ properties }) => {
    const identity = String(properties.EmailIdentity);
    const { MailFromDomain } = (properties.MailFromAttributes ?? {}) as { MailFromDomain?: string };
    context.ses.putIdentity(identity, MailFromDomain);
    const tokens = [1, 2, 3].flatMap((n) => [
      [`DkimDNSTokenName${n}`, `token${n}._domainkey.${identity}`],
      [`DkimDNSTokenValue${n}`, `token${n}.dkim.local`],
    ]);
    return { ref: identity, attributes: Object.fromEntries(tokens) };
  };
}
