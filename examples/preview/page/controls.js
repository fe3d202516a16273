// Buttons, sliders and forms: each sends one command.

import { $, clock, log } from './view.js';

export class Controls {
  constructor(bot) {
    this.bot = bot;
    this.duration = 0;
    this.seeking = false;
    this.adjusting = Promise.resolve();
    for (const button of document.querySelectorAll('#transport [data-do]')) {
      button.addEventListener('click', () => this.ask(button.dataset.do));
    }
    this.slider('volume');
    this.slider('speed');
    $('seek').addEventListener('input', () => {
      this.seeking = true;
      $('position').textContent = clock($('seek').valueAsNumber);
    });
    $('seek').addEventListener('change', async () => {
      await this.adjust('seek', $('seek').valueAsNumber);
      this.seeking = false;
    });
    this.form('fileForm', () => ({ kind: 'file', name: $('files').value }));
    this.form('urlForm', () => ({ kind: 'url', name: $('url').value.trim() }));
    this.form('commandForm', () => ({ kind: 'command', name: $('command').value, video: $('commandVideo').checked }));
    $('files').addEventListener('dblclick', () => this.ask('play', { source: { kind: 'file', name: $('files').value } }));
    $('filter').addEventListener('input', () => this.filter());
    $('broadcastForm').addEventListener('submit', (e) => {
      e.preventDefault();
      this.ask(e.submitter.name, { address: $('broadcastURL').value.trim() });
    });
    this.enable(false);
  }

  // ask sends a command; what is refused goes to the log.
  async ask(what, more) {
    try {
      await this.bot.do(what, more);
    } catch (e) {
      log(`${what}: ${e.message}`, true);
    }
  }

  slider(name) {
    const input = $(name);
    input.addEventListener('input', () => ($(`${name}Now`).textContent = `${input.value}×`));
    input.addEventListener('change', () => this.adjust(name, input.valueAsNumber));
  }

  // adjust is ask for what opens the source anew: of two at once the library would give up the first.
  adjust(what, value) {
    this.adjusting = this.adjusting.then(() => this.ask(what, { value }));
    return this.adjusting;
  }

  form(name, source) {
    $(name).addEventListener('submit', (e) => {
      e.preventDefault();
      const s = source();
      if (s.name) {
        this.ask(e.submitter?.name ?? 'play', { source: s });
      }
    });
  }

  // offer shows what can be chosen.
  offer({ folder, files }) {
    this.files = files;
    $('folder').textContent = folder;
    this.filter();
  }

  filter() {
    const part = $('filter').value.toLowerCase();
    $('files').replaceChildren(...this.files.filter((f) => f.toLowerCase().includes(part)).map((f) => new Option(f)));
  }

  enable(on) {
    for (const e of document.querySelectorAll('#transport button, form button, #seek, #volume, #speed')) {
      e.disabled = !on;
    }
    if (!on) {
      this.reset();
    }
  }

  reset() {
    for (const name of ['volume', 'speed']) {
      $(name).value = 1;
      $(`${name}Now`).textContent = '1×';
    }
  }

  track(info) {
    this.duration = info.duration;
    $('title').textContent = info.title;
    $('details').textContent = info.details;
    $('duration').textContent = info.duration ? clock(info.duration) : '–';
    $('seek').max = info.duration || 1;
  }

  position(seconds) {
    if (this.seeking) {
      return;
    }
    $('position').textContent = clock(seconds);
    if (this.duration) {
      $('seek').value = seconds;
    }
  }
}
