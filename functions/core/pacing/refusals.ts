import type { HoldCause } from './sending-state.ts';

/** The provider took no email because its rate was exceeded: the email needs another turn. */
export class Throttled extends Error {
  override readonly name = 'Throttled';
}

/** The provider sends no email of this account for now. */
export class SendingHeld extends Error {
  override readonly name = 'SendingHeld';
  readonly held: HoldCause;

  /** The reason is for people: it is logged and stored. */
  constructor(held: HoldCause, reason: string, cause?: unknown) {
    super(reason, { cause });
    this.held = held;
  }
}
