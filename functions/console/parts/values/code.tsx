import { useSignal } from '@preact/signals';

const COPIED_MS = 1500;

/** Copies a text and says so. */
function Copy({ text }: { text: string }) {
  const copied = useSignal(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    copied.value = true;
    setTimeout(() => {
      copied.value = false;
    }, COPIED_MS);
  };
  return (
    <button type="button" class="copy quiet" aria-label={`Copy: ${text.slice(0, 60)}`} onClick={copy}>
      {copied.value ? 'Copied' : 'Copy'}
    </button>
  );
}

/** A text as it is (JSON, headers, a source) in a box that scrolls, with a button to copy it. Objects are shown as JSON. */
export function Code({ text, label }: { text: unknown; label: string }) {
  const shown = typeof text === 'string' ? text : JSON.stringify(text, null, 2);
  return (
    <div class="code-box">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section class="scrolls" tabIndex={0} aria-label={label}>
        <pre>{shown}</pre>
      </section>
      <Copy text={shown ?? ''} />
    </div>
  );
}

/** An id in fixed-width letters with a copy button; `short` shows its first eight letters. */
export function Id({ value, short = false }: { value: string; short?: boolean }) {
  return (
    <span class="id">
      <code title={value}>{short ? value.slice(0, 8) : value}</code>
      {!short && <Copy text={value} />}
    </span>
  );
}
