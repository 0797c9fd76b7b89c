/** The addresses of a text that has spaces, commas, semicolons or new lines between them. */
export const addressesIn = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean);
