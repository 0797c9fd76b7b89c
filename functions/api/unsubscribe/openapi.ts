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
      get: html('showUnsubscribe', 'A page that shows what the recipient gets; changes nothing'),
      post: {
        ...html(
          'unsubscribe',
          'Unsubscribe (RFC 8058): from the topic of a broadcast or from all broadcasts; from the sender of another email',
        ),
        errors: [409],
      },
    },
  };
}
