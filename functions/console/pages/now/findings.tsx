import { Badge, type Tone } from '../../parts/index.ts';
import type { Status } from './answers.ts';
import { pageFor } from './finding-link.ts';

type Finding = Status['findings'][number];

const ORDER: readonly Finding['level'][] = ['problem', 'warning', 'unknown'];
const TONES: Readonly<Record<Finding['level'], Tone>> = {
  ok: 'good',
  warning: 'warn',
  problem: 'bad',
  unknown: 'calm',
};

/** The problems in words, with the way out; the checks that passed are folded. */
export function Findings({ status: { findings, at } }: { status: Status }) {
  const atMs = Date.parse(at);
  const passed = findings.filter(({ level }) => level === 'ok');
  const open = ORDER.flatMap((level) => findings.filter((finding) => finding.level === level));
  return (
    <section class="findings" aria-label="Findings">
      {open.map((finding) => (
        <Finding key={finding.check + finding.text} finding={finding} atMs={atMs} />
      ))}
      <details>
        <summary>
          {open.length === 0 && <Badge status="All is well" tone="good" />}{' '}
          <span class="faint">{passed.length === 1 ? '1 check passed' : `${passed.length} checks passed`}</span>
        </summary>
        {passed.map((finding) => (
          <Finding key={finding.check + finding.text} finding={finding} atMs={atMs} />
        ))}
      </details>
    </section>
  );
}

function Finding({ finding, atMs }: { finding: Finding; atMs: number }) {
  const { check, level, text, advice } = finding;
  const page = pageFor(finding, atMs);
  return (
    <div class="finding">
      <Badge status={level} tone={TONES[level]} />
      <div>
        <p>
          <b>{check}</b>: {text} {page && <a href={page.href}>{page.text}</a>}
        </p>
        {advice && <p class="faint">{advice}</p>}
      </div>
    </div>
  );
}
