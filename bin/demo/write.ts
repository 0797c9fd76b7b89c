/** Writes a line to the terminal. */
export const write = (text = ''): void => void process.stdout.write(`${text}\n`);

/** A whole number as people read it: 1,000. */
export const whole = (value: number): string => Math.round(value).toLocaleString('en');
