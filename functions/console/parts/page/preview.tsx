import { type Signal, useSignal } from '@preact/signals';
import { createRef } from 'preact';
import { useEffect, useId, useMemo, useRef } from 'preact/hooks';
import { baseUrl } from '../../api/request.ts';
import { Chips } from '../form/chips.tsx';
import { Checkbox } from '../form/field.tsx';

const WIDTHS = [
  { value: 'desktop', text: 'Desktop' },
  { value: 'phone', text: 'Phone, 375 px' },
];
/** After the last change: each preview is a request. */
const QUIET_MS = 500;

interface FrameProps {
  /** The name of the content, for screen readers. */
  readonly title: string;
  /** The servers that its images are on, if that is known. */
  readonly hosts?: readonly string[];
}

/** The preview of something stored: `path` is below `/console/preview`. Another path has another frame, so that the history has no entry of it. */
export function Preview({ path, ...frame }: FrameProps & { path: string }) {
  const images = useSignal(false);
  const src = `${baseUrl()}/console/preview/${path}${images.value ? '?images=1' : ''}`;
  return <Frame {...frame} src={src} images={images} />;
}

/** The preview of HTML that is not stored yet; it follows the changes. */
export function LivePreview({ html, ...frame }: FrameProps & { html: string }) {
  const images = useSignal(false);
  const form = useMemo(() => createRef<HTMLFormElement>(), []);
  const turn = useSignal(0);
  const isFirst = useRef(true);
  // Each turn has a frame of its own: the second document of a frame would be an entry in the history.
  const name = `preview-${useId()}-${turn.value}`;
  const action = `${baseUrl()}/console/preview${images.value ? '?images=1' : ''}`;
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    const timer = setTimeout(() => {
      turn.value += 1;
    }, QUIET_MS);
    return () => clearTimeout(timer);
  }, [html, action, turn]);
  useEffect(() => form.current?.submit(), [name, form]);
  return (
    <>
      <form ref={form} class="unseen-form" method="post" action={action} target={name}>
        <textarea name="html" aria-hidden="true" tabIndex={-1} value={html} readOnly />
      </form>
      <Frame {...frame} name={name} images={images} />
    </>
  );
}

/** Runs no script, sends no form, and loads images only when the viewer asks for them. */
function Frame({ title, hosts, src, name, images }: FrameProps & Source) {
  const width = useSignal('desktop');
  return (
    <div class="preview">
      <div class="preview-bar">
        <Chips
          label="Width of the preview"
          chips={WIDTHS}
          selected={[width.value]}
          onChange={([chosen = width.value]) => {
            width.value = chosen;
          }}
        />
        {hosts?.length !== 0 && (
          <Checkbox
            label={`Load images from ${hosts?.length === 1 ? hosts[0] : hosts ? `${hosts.length} servers` : 'servers'}`}
            title={`${hosts ? `From ${hosts.join(', ')}. ` : ''}Their servers see your address, and count it as an open.`}
            value={images}
          />
        )}
      </div>
      <div class={`preview-frame ${width.value}`}>
        <iframe key={src ?? name} title={title} src={src} name={name} sandbox="" referrerpolicy="no-referrer" />
      </div>
    </div>
  );
}

interface Source {
  readonly src?: string;
  /** The target that a form names. */
  readonly name?: string;
  readonly images: Signal<boolean>;
}
