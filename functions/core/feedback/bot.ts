/**
 * Programs that open mail before, or instead of, a person. Apple's privacy proxy calls itself `Mozilla/5.0` and no more
 * (https://www.apple.com/legal/privacy/data/en/mail-privacy-protection/); mail gateways follow links to test them.
 * Gmail's image proxy is not in the list: it fetches images when a person opens the email.
 */
const BOTS =
  /^(?:Mozilla\/5\.0)?$|bot\b|crawler|spider|preview|scanner|barracuda|proofpoint|mimecast|safelinks|python-requests|curl\/|wget\/|headless|go-http-client|okhttp/i;

/** True when an open or a click with this User-Agent does not prove that a person did it. */
export function isBot(userAgent: string): boolean {
  return BOTS.test(userAgent.trim());
}
