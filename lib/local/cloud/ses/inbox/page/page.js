// Runs in the browser as it is. Mail content reaches the page by textContent alone, the HTML part only in a sandboxed frame.
const POLL_MS = 1000;
const SHOWN_RAW_CHARACTERS = 200_000;
const $ = (id) => document.getElementById(id);
const tabNames = ['html', 'text', 'attachments', 'headers', 'raw'];

let summaries = [];
let shownVersion;
let shown;
let chosenTab = 'html';

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const urlOf = (messageId, part = '') => `messages/${encodeURIComponent(messageId)}${part}`;
const timeOf = (ms) => new Date(ms).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const sizeOf = (bytes) => (bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KB`);
const selectedId = () => decodeURIComponent(location.hash.slice(1));

function listEntry({ messageId, from, to, subject, sentAtMs }) {
  const link = element(
    'a',
    { href: `#${encodeURIComponent(messageId)}` },
    element('span', { className: 'name', textContent: to.join(', ') }),
    element('time', {
      className: 'time',
      dateTime: new Date(sentAtMs).toISOString(),
      textContent: new Date(sentAtMs).toLocaleTimeString(),
      title: timeOf(sentAtMs),
    }),
    element('span', { className: 'line', textContent: subject || '(no subject)' }),
    element('span', { className: 'who', textContent: `from ${from}` }),
  );
  if (messageId === selectedId()) link.setAttribute('aria-current', 'true');
  return element('li', {}, link);
}

function renderList() {
  const wanted = $('search').value.trim().toLowerCase();
  const matching = summaries.filter(({ from, to, subject }) =>
    `${from} ${to.join(' ')} ${subject}`.toLowerCase().includes(wanted),
  );
  const focused = document.activeElement?.closest('#list a')?.getAttribute('href');
  $('list').replaceChildren(...matching.map(listEntry));
  if (focused)
    $('list')
      .querySelector(`a[href="${CSS.escape(focused)}"]`)
      ?.focus();
  $('none').hidden = matching.length > 0;
  $('none').textContent =
    summaries.length > 0
      ? 'No mail matches the filter.'
      : 'No mail yet. What the local SES accepts appears here by itself.';
}

async function poll() {
  try {
    const answer = await fetch('summaries');
    const version = answer.headers.get('etag');
    if (version === shownVersion) return;
    const { messages, keptCount } = await answer.json();
    summaries = messages;
    shownVersion = version;
    const all = keptCount === 1 ? '1 mail' : `${keptCount} mails`;
    $('count').textContent = keptCount > messages.length ? `${all}, the newest ${messages.length} shown` : all;
    renderList();
    if (shown && !keptCount) await showSelected();
  } catch {
    shownVersion = undefined;
    $('count').textContent = 'The local cloud does not answer; trying again.';
  }
}

async function pollForever() {
  if (!document.hidden) await poll();
  setTimeout(pollForever, POLL_MS);
}

function fact(name, ...content) {
  return [element('dt', { textContent: name }), element('dd', {}, ...content)];
}

function renderDetail() {
  $('subject').textContent = shown.subject || '(no subject)';
  const tags = Object.entries(shown.tags).map(([name, value]) =>
    element('span', { className: 'tag', textContent: `${name}: ${value}` }),
  );
  $('facts').replaceChildren(
    ...fact('From', shown.from),
    ...fact('Delivered to', shown.envelope.to.join(', ')),
    ...fact('Sent', `${timeOf(shown.sentAtMs)} · ${sizeOf(shown.raw.length)}`),
    ...fact('Message id', shown.messageId),
    ...(shown.configurationSet ? fact('Configuration set', shown.configurationSet) : []),
    ...(tags.length > 0 ? fact('Tags', ...tags) : []),
  );
  $('tab-html').disabled = !shown.hasHtml;
  $('tab-text').disabled = !shown.text;
  $('tab-attachments').disabled = shown.attachments.length === 0;
  $('tab-attachments').textContent = `Attachments (${shown.attachments.length})`;
  chooseTab($(`tab-${chosenTab}`).disabled ? tabNames.find((name) => !$(`tab-${name}`).disabled) : chosenTab);
}

const parts = {
  html: () => {
    const frame = element('iframe', { title: 'HTML part of the mail', src: urlOf(shown.messageId, '/html') });
    // No scripts, no forms, no access to this page; links open in a tab of their own.
    frame.setAttribute('sandbox', 'allow-popups allow-popups-to-escape-sandbox');
    return [frame];
  },
  text: () => [element('pre', { textContent: shown.text })],
  headers: () => [
    element(
      'table',
      {},
      ...shown.headers.map(({ name, value }) =>
        element('tr', {}, element('th', { scope: 'row', textContent: name }), element('td', { textContent: value })),
      ),
    ),
  ],
  attachments: () => [
    element(
      'ul',
      {},
      ...shown.attachments.map(({ filename, mimeType, sizeBytes, contentId }, index) =>
        element(
          'li',
          {},
          element('a', { href: urlOf(shown.messageId, `/attachments/${index}`), textContent: filename ?? 'unnamed' }),
          ` ${mimeType}, ${sizeOf(sizeBytes)}${contentId ? `, inline ${contentId}` : ''}`,
        ),
      ),
    ),
  ],
  raw: () => [
    element('p', {}, element('a', { href: urlOf(shown.messageId, '/raw'), textContent: 'Open the whole source' })),
    element('pre', { textContent: shown.raw.slice(0, SHOWN_RAW_CHARACTERS) }),
  ],
};

function chooseTab(name) {
  for (const tab of tabNames) {
    $(`tab-${tab}`).setAttribute('aria-selected', String(tab === name));
    $(`tab-${tab}`).tabIndex = tab === name ? 0 : -1;
  }
  $('part').setAttribute('aria-labelledby', `tab-${name}`);
  $('part').replaceChildren(...parts[name]());
}

async function showSelected() {
  const messageId = selectedId();
  const answer = messageId ? await fetch(urlOf(messageId)) : undefined;
  // Another mail may have been chosen while this one was on its way.
  if (messageId !== selectedId()) return;
  shown = answer?.ok ? await answer.json() : undefined;
  $('detail').hidden = !shown;
  $('hint').hidden = Boolean(shown);
  $('reported').textContent = '';
  if (shown) renderDetail();
  document.title = shown ? `${shown.subject || '(no subject)'} · Inbox` : 'Inbox';
  renderList();
}

async function report(outcome) {
  const answer = await fetch(urlOf(shown.messageId, '/events'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ outcome }),
  });
  $('reported').textContent = answer.ok ? `Reported as ${outcome}.` : `Not reported: ${(await answer.json()).message}`;
}

for (const name of tabNames) {
  $(`tab-${name}`).addEventListener('click', () => {
    chosenTab = name;
    chooseTab(name);
  });
}
document.querySelector('[role="tablist"]').addEventListener('keydown', ({ key }) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
  if (!step) return;
  const usable = tabNames.filter((name) => !$(`tab-${name}`).disabled);
  const next = usable.at((usable.indexOf(document.activeElement.id.slice('tab-'.length)) + step) % usable.length);
  $(`tab-${next}`).focus();
  $(`tab-${next}`).click();
});
$('report').addEventListener('change', ({ target }) => {
  if (target.value) report(target.value);
  target.value = '';
});
$('search').addEventListener('input', renderList);
$('empty').addEventListener('click', async () => {
  if (!confirm('Delete all caught mails?')) return;
  await fetch('messages', { method: 'DELETE' });
  location.hash = '';
  await poll();
});
addEventListener('hashchange', showSelected);
showSelected();
pollForever();
