import type { ContactProperty } from '../../core/audience/property.ts';
import { iso } from '../../core/iso-time.ts';

/** A contact property: Resend's fields. */
export function propertyView({ id, key, type, fallbackValue, createdAtMs }: ContactProperty) {
  return {
    object: 'contact_property',
    id,
    key,
    type,
    fallback_value: fallbackValue ?? null,
    created_at: iso(createdAtMs),
  };
}
