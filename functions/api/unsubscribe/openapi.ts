import { json, object, text } from '../openapi/parts.ts';

const token = { name: 'token', in: 'path', required: true, schema: text };

/** The paths under `/unsubscribe`. */
export function unsubscribePaths() {
  const page = (description: string) => ({ description, content: { 'text/html': { schema: text } } });
  const html = (operationId: string, summary: string) => ({
    operationId,
    summary,
    security: [],
    responses: {
      200: page('A page'),
      404: {
        description: 'The link is not valid',
        content: { ...page('').content, ...json(object({ message: text })) },
      },
    },
  });
  return {
    '/unsubscribe/{token}': {
      parameters: [token],
      get: html('showUnsubscribe', 'A page with a button; changes nothing'),
      post: html('unsubscribe', 'Send to this address no more from this sender (RFC 8058)'),
    },
  };
}
