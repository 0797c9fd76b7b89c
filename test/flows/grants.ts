import { describe, expect, it } from 'vitest';
import { walkThrough } from '../permissions/scenario.ts';
import { running } from './running.ts';

/** Grants that the local cloud cannot see used, and why they stand all the same. */
const unseen: Readonly<Record<string, string>> = {
  'xray:puttracesegments': "Lambda's own daemon sends the traces; there is none on a laptop",
  'xray:puttelemetryrecords': 'the same',
};

/** Declares, for a stack with each of these options, that its roles grant what the service needs and nothing else. */
export function describeGrants(...configs: Readonly<Record<string, string>>[]): void {
  describe.each(configs)('what roles grant, with %j', (config) => {
    const sendoff = running({ config });

    it('is enough for everything the service does, and nothing of it is left over', async () => {
      await walkThrough(sendoff);
      expect(sendoff.events.filter(({ kind }) => kind === 'denied')).toEqual([]);
      const unused = sendoff.cloud.unusedGrants();
      expect(unused.filter(({ action }) => !(action in unseen))).toEqual([]);
      if (!('xray' in config)) expect(unused).toEqual([]);
    }, 240_000);
  });
}
