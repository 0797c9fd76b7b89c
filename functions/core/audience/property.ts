export const propertyTypes = ['string', 'number'] as const;
export type PropertyType = (typeof propertyTypes)[number];

/** A property that contacts can have. Its key and type do not change. Times are epoch ms. */
export type ContactProperty = {
  /** Derived from the key. */
  readonly id: string;
  readonly key: string;
  readonly type: PropertyType;
  /** What a broadcast prints for a contact without a value; absent: nothing. */
  readonly fallbackValue?: string | number;
  readonly createdAtMs: number;
};

/** The values of a contact by key. */
export type PropertyValues = { readonly [key: string]: string | number | boolean };

/** Values to set, as a request has them; null removes one. */
export type PropertyChanges = { readonly [key: string]: string | number | boolean | null };

export const propertyLimits = {
  keyLength: 50,
  properties: 500,
  valueLength: 2_000,
  /** All values of a contact together, as JSON. */
  valuesBytes: 100_000,
} as const;
