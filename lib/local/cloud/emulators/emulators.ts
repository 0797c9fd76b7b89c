import { join } from 'node:path';
import { createSes, type Ses } from '../ses/ses.ts';
import type { SesOptions } from '../ses/ses-options.ts';
import { type Dynalite, embedDynalite } from './dynalite.ts';
import { embedFauxqs, type Fauxqs } from './fauxqs.ts';

/** The emulators behind the front. */
export type Emulators = { fauxqs: Fauxqs; dynalite: Dynalite; ses: Ses; close: () => Promise<void> };

/** The options of the emulators; SES publishes its events through fauxqs. */
export type EmulatorOptions = {
  region: string;
  accountId: string;
  dataDirectory: string | undefined;
  ses: Omit<SesOptions, 'publish' | 'dataDirectory' | 'region' | 'accountId'>;
};

/** Starts all emulators in this process. */
export async function startEmulators(options: EmulatorOptions): Promise<Emulators> {
  const { region, accountId } = options;
  const folder = (name: string) => options.dataDirectory && join(options.dataDirectory, name);
  const fauxqs = await embedFauxqs({ region, dataDirectory: folder('fauxqs') });
  const dynalite = await embedDynalite({ region, accountId, dataDirectory: folder('dynamodb') });
  const { publish } = fauxqs;
  const ses = await createSes({ ...options.ses, region, accountId, dataDirectory: folder('ses'), publish });
  return {
    fauxqs,
    dynalite,
    ses,
    close: async () => {
      // In this order: SES publishes to fauxqs.
      await ses.close();
      await fauxqs.close();
      await dynalite.close();
    },
  };
}
