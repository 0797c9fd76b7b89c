/** The domain that `anEmail` is from. */
export const SENDER_DOMAIN = 'example.com';
