// What the receiver has measured, from getStats: totals since the beginning, and what lies between two of them.

// totals picks the figures that matter. Times are in ms of the page's clock.
export function totals(report) {
  const t = { at: performance.now(), audio: {}, video: {}, reports: { audio: 0, video: 0 } };
  for (const s of report.values()) {
    if (s.type === 'inbound-rtp') {
      t[s.kind] = s;
    } else if (s.type === 'remote-outbound-rtp') {
      t.reports[s.kind] = s.reportsSent ?? 0;
    }
  }
  return t;
}

const of = (now, before, name) => (now[name] ?? 0) - (before[name] ?? 0);
const ratio = (a, b) => (b > 0 ? a / b : null);

// stretched samples were inserted or left out by the receiver, to play slower or faster.
const stretchedOf = (now, before) => of(now, before, 'insertedSamplesForDeceleration') + of(now, before, 'removedSamplesForAcceleration');

// between says what has happened between two totals: rates by the second, delays in ms, parts in per cent; null where nothing is known.
export function between(before, now) {
  const seconds = (now.at - before.at) / 1000;
  const { audio: a, video: v } = now;
  const [a0, v0] = [before.audio, before.video];
  const samples = of(a, a0, 'totalSamplesReceived');
  const frames = of(v, v0, 'framesDecoded');
  const interval = ratio(of(v, v0, 'totalInterFrameDelay'), frames);
  return {
    seconds,
    audioRate: (of(a, a0, 'bytesReceived') * 8) / 1000 / seconds,
    videoRate: (of(v, v0, 'bytesReceived') * 8) / 1000 / seconds,
    audioDelay: times1000(ratio(of(a, a0, 'jitterBufferDelay'), of(a, a0, 'jitterBufferEmittedCount'))),
    videoDelay: times1000(ratio(of(v, v0, 'jitterBufferDelay'), of(v, v0, 'jitterBufferEmittedCount'))),
    concealed: percent(ratio(of(a, a0, 'concealedSamples'), samples)),
    stretched: percent(ratio(stretchedOf(a, a0), samples)),
    audioLost: of(a, a0, 'packetsLost'),
    videoLost: of(v, v0, 'packetsLost'),
    audioJitter: times1000(a.jitter ?? null),
    videoJitter: times1000(v.jitter ?? null),
    frames: frames / seconds,
    frameInterval: times1000(interval),
    freezes: of(v, v0, 'freezeCount'),
    concealedSamples: of(a, a0, 'concealedSamples'),
    stretchedSamples: stretchedOf(a, a0),
    samples,
    framesDecoded: frames,
    framesDropped: of(v, v0, 'framesDropped'),
    audioReports: now.reports.audio - before.reports.audio,
    videoReports: now.reports.video - before.reports.video,
    offset: offsetOf(a, v),
  };
}

// offsetOf is how far the sound that is heard is ahead of the picture that is seen, in ms by the sender's clock. A browser knows it only from
// Sender Reports.
function offsetOf(a, v) {
  const [heard, seen] = [a.estimatedPlayoutTimestamp, v.estimatedPlayoutTimestamp];
  return heard > 0 && seen > 0 ? heard - seen : null;
}

const times1000 = (x) => (x === null ? null : x * 1000);
const percent = (x) => (x === null ? null : x * 100);
