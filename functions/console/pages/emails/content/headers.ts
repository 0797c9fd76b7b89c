interface MessageHeader {
  readonly name: string;
  readonly value: string;
}

/** The headers of a message in their order, unfolded (RFC 5322 2.2.3), with encoded words as text. */
export function headersOf(message: string): MessageHeader[] {
  const [head = ''] = message.split(/\r?\n\r?\n/, 1);
  return head
    .replace(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/)
    .flatMap((line) => {
      const colon = line.indexOf(':');
      return colon < 1 ? [] : [{ name: line.slice(0, colon), value: decodeWords(line.slice(colon + 1).trim()) }];
    });
}

/** Texts such as `=?UTF-8?Q?gr=C3=BC=C3=9Fe?=` (RFC 2047); the space between two of them is none. A word that is broken stays as it is. */
export const decodeWords = (value: string): string =>
  value
    .replace(/(\?=)\s+(?==\?)/g, '$1')
    .replace(/=\?([\w-]+)\?([BQ])\?([^?\s]*)\?=/gi, (word, charset: string, encoding: string, text: string) => {
      try {
        const binary = encoding.toUpperCase() === 'B' ? atob(text) : unescapeQ(text);
        return new TextDecoder(charset).decode(Uint8Array.from(binary, (letter) => letter.charCodeAt(0)));
      } catch {
        return word;
      }
    });

const unescapeQ = (text: string): string =>
  text
    .replaceAll('_', ' ')
    .replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
