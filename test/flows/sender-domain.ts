/** The domain of the sender of `anEmail`. */
export const SENDER_DOMAIN = 'example.com';
