/** Thrown by a task: the next attempt comes after these seconds (at most 7 days), if the policy has one left. */
export class RetryAfter extends Error {
  override readonly name = 'RetryAfter';
  readonly seconds: number;

  constructor(seconds: number, message = `to be tried again after ${seconds} s`, options?: ErrorOptions) {
    super(message, options);
    this.seconds = seconds;
  }
}

/** Thrown by a task: the run fails now, whatever its retry policy says. */
export class DoNotRetry extends Error {
  override readonly name = 'DoNotRetry';
}
