import { acceptEmail, acceptEmails, type EmailInput, SendoffError } from 'sendoff/accept';

const email: EmailInput = { from: 'shop@example.com', to: ['a@example.com'], subject: 'Hello', text: 'Hello.' };

export async function handler(): Promise<string[]> {
  try {
    const { id }: { readonly id: string } = await acceptEmail(email, { idempotencyKey: 'hello/1' });
    return [id, ...(await acceptEmails([email, email])).map((one) => one.id)];
  } catch (error) {
    if (error instanceof SendoffError && error.retryable) return [];
    throw error;
  }
}

// @ts-expect-error: an email has a sender
export const incomplete: EmailInput = { to: 'a@example.com', subject: 'Hello', text: 'Hello.' };
