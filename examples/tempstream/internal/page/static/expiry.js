// When the link ends, in the viewer's own time.

const units = [['day', 86400], ['hour', 3600], ['minute', 60]];
const every = 10_000; // ms

// expiry keeps the time and what is left of it up to date.
export function expiry(time, left) {
  const end = performance.now() + Number(time.dataset.left) * 1000; // the device's clock may be wrong
  time.textContent = new Date(time.dateTime).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
  const show = () => { left.textContent = `, ${remaining(Math.max(0, end - performance.now()) / 1000)} from now`; };
  show();
  setInterval(show, every);
}

// remaining writes seconds in the largest two units that they have.
function remaining(seconds) {
  const parts = [];
  for (const [name, length] of units) {
    const n = Math.floor(seconds / length);
    seconds -= n * length;
    if (n > 0 && parts.length < 2) {
      parts.push(`${n} ${name}${n === 1 ? '' : 's'}`);
    }
  }
  return parts.join(' ') || 'less than a minute';
}
