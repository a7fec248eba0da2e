/**
 * The script of the status page. The proxy writes all HTML; the script replaces the parts that have
 * changed and leaves the others alone, so that focus, selection and open details stay. Plain JavaScript, sent as it is here.
 */
export const SCRIPT = `
'use strict';

// ---- The page shows times in the time zone of its reader, and what works only with a script.

const two = (value) => String(value).padStart(2, '0');

function prepare(scope) {
  for (const time of scope.querySelectorAll('time')) {
    const at = new Date(time.dateTime);
    time.textContent = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
    time.title = at.toLocaleString();
  }
  for (const button of scope.querySelectorAll('.copy')) button.hidden = !navigator.clipboard;
}

// ---- Changes one element into another one, keeping every node that can stay.

const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.getAttribute('data-key') : null);
const isAlike = (one, other) => one.nodeName === other.nodeName && keyOf(one) === keyOf(other);

function change(from, to) {
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return;
  }
  for (const { name } of [...from.attributes]) {
    // The reader has opened it.
    const stays = name === 'open' && from.nodeName === 'DETAILS';
    if (!stays && !to.hasAttribute(name)) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  const keyed = new Map();
  for (const child of from.children) if (keyOf(child) !== null) keyed.set(keyOf(child), child);
  let at = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const key = keyOf(wanted);
    const found = key !== null ? keyed.get(key) : at !== null && isAlike(at, wanted) ? at : undefined;
    if (found === undefined || !isAlike(found, wanted)) {
      from.insertBefore(wanted, at);
      continue;
    }
    if (found === at) at = at.nextSibling;
    else from.insertBefore(found, at);
    change(found, wanted);
  }
  while (at !== null) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function show(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  prepare(template.content);
  const wanted = template.content.firstElementChild;
  const shown = wanted && document.getElementById(wanted.id);
  if (shown) change(shown, wanted);
}

// ---- New parts come as events.

const live = document.getElementById('live');

// Screen readers read this aloud, so it changes rarely.
function tell(text, kind) {
  if (live.textContent !== text) live.textContent = text;
  live.className = kind;
}

function listen() {
  const events = new EventSource(document.body.dataset.events);
  events.onopen = () => tell('Live', 'live');
  events.addEventListener('title', ({ data }) => {
    document.title = JSON.parse(data);
  });
  events.addEventListener('part', ({ data }) => show(JSON.parse(data)));
  events.onerror = () => {
    tell('Not connected to the proxy. Trying again.', 'lost');
    // The browser tries again after a broken connection, but not after a refusal.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  };
}

// ---- What the reader does.

document.addEventListener('submit', (event) => {
  const form = event.target.closest('form.accept');
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector('button');
  const title = form.closest('article').querySelector('h3');
  button.disabled = true;
  fetch(form.action, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams(new FormData(form)),
  })
    .then((answer) => answer.json())
    .then(({ error }) => {
      tell(error || 'The change is accepted', error ? 'lost' : 'live');
      if (error) button.disabled = false;
      // The button goes away.
      title.focus();
    })
    .catch(() => {
      button.disabled = false;
      tell('The proxy did not answer. Try again.', 'lost');
    });
});

document.addEventListener('click', (event) => {
  const button = event.target.closest('.copy');
  if (!button) return;
  const text = document.getElementById(button.dataset.copies).textContent;
  navigator.clipboard.writeText(text).then(
    () => { button.textContent = 'Copied'; },
    () => { button.textContent = 'Select the URL to copy it'; },
  );
});

prepare(document);
listen();
`;
