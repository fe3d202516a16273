// The last two minutes, drawn by uPlot.

/* global uPlot */

const keep = 120; // samples, one a second
const height = 150;

const specs = [
  { title: 'Bit rate, kbit/s', series: [['audio', 'audioRate'], ['video', 'videoRate']] },
  { title: 'Delay in the jitter buffer, ms', series: [['audio', 'audioDelay'], ['video', 'videoDelay']] },
  { title: 'Concealed and stretched samples, %', series: [['concealed', 'concealed'], ['stretched', 'stretched']] },
  { title: 'Packets lost', series: [['audio', 'audioLost'], ['video', 'videoLost']] },
  { title: 'Inter-arrival jitter, ms', series: [['audio', 'audioJitter'], ['video', 'videoJitter']] },
  { title: 'Frames per second', series: [['decoded', 'frames'], ['freezes', 'freezes']] },
  { title: 'Time between frames, ms', series: [['mean', 'frameInterval']] },
  { title: 'Sound ahead of picture, ms', series: [['offset', 'offset']] },
];

const clockTime = (seconds) => new Date(seconds * 1000).toTimeString().slice(0, 8);
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Plots {
  constructor(place) {
    this.place = place;
    this.samples = [];
    this.draw();
    new ResizeObserver(() => this.resize()).observe(place);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
  }

  // draw makes the plots anew, in the colours of the moment.
  draw() {
    this.place.replaceChildren();
    this.plots = specs.map((spec) => {
      const box = document.createElement('div');
      box.className = 'plot';
      this.place.append(box);
      return { box, spec, plot: new uPlot(options(spec, box.clientWidth || 320), this.data(spec), box) };
    });
  }

  resize() {
    for (const { box, plot } of this.plots) {
      if (box.clientWidth && box.clientWidth !== plot.width) {
        plot.setSize({ width: box.clientWidth, height });
      }
    }
  }

  add(sample) {
    this.samples = [...this.samples, { ...sample, time: Date.now() / 1000 }].slice(-keep);
    for (const { plot, spec } of this.plots) {
      plot.setData(this.data(spec));
    }
  }

  clear() {
    this.samples = [];
    this.draw();
  }

  data(spec) {
    return [this.samples.map((s) => s.time), ...spec.series.map(([, key]) => this.samples.map((s) => s[key]))];
  }
}

function options(spec, width) {
  const axis = { stroke: colour('--dim'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui' };
  return {
    title: spec.title,
    width,
    height,
    cursor: { drag: { x: false, y: false } },
    axes: [{ ...axis, size: 26, space: 70, values: (_, times) => times.map(clockTime) }, { ...axis, size: 48 }],
    scales: { y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(1, (high ?? 1) * 1.1)] } },
    series: [
      { label: 'time', value: (_, v) => (v === null ? '–' : clockTime(v)) },
      ...spec.series.map(([label], i) => ({
        label,
        stroke: colour(i === 0 ? '--one' : '--two'),
        width: 1.5,
        points: { show: false },
        value: (_, v) => (v === null || v === undefined ? '–' : v.toFixed(v < 10 ? 2 : 0)),
      })),
    ],
  };
}
