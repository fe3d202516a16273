// Small helpers to show things.

export const $ = (id) => document.getElementById(id);

// list fills a list with lines, and leaves one alone that shows them already.
export function list(id, lines, isBad = () => false) {
  const place = $(id);
  const text = JSON.stringify(lines);
  if (place.dataset.shown === text) {
    return;
  }
  place.dataset.shown = text;
  place.replaceChildren(...lines.map((line) => item(line, isBad(line))));
}

export function item(text, bad = false) {
  const li = document.createElement('li');
  li.textContent = text;
  li.classList.toggle('bad', bad);
  return li;
}

const mostLines = 200;

// log writes a line, the newest first.
export function log(text, bad = false) {
  const place = $('log');
  place.prepend(item(`${new Date().toLocaleTimeString()}  ${text}`, bad));
  while (place.childElementCount > mostLines) {
    place.lastElementChild.remove();
  }
}

export function notice(text) {
  $('notice').textContent = text;
  $('notice').hidden = !text;
}

export function clock(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, '0');
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

export function pretty(json) {
  return JSON.stringify(JSON.parse(json), null, 2);
}
