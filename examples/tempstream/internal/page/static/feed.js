// What the server says of the stream, from when it changes until it ends.

const retryAfter = 3000; // ms, when the browser has given up

export class Feed {
  #tell; // (state) => {}
  #lost; // () => {}, the server is silent; #tell is called when it is not any more
  #source = null;
  #timer = 0;
  #closed = false;

  constructor(tell, lost) {
    this.#tell = tell;
    this.#lost = lost;
    this.#open();
  }

  #open() {
    this.#source = new EventSource('/play/events');
    this.#source.addEventListener('state', (e) => this.#hear(e.data));
    this.#source.addEventListener('error', () => this.#fail());
  }

  #hear(text) {
    if (!this.#closed) {
      this.#tell(JSON.parse(text).state);
    }
  }

  // A browser tries again by itself, but not after an answer that is no stream of events: the link has ended, or a proxy is in the way.
  #fail() {
    this.#lost();
    if (!this.#closed && this.#source.readyState === EventSource.CLOSED) {
      this.ask();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#closed || this.#open(), retryAfter);
    }
  }

  // ask finds out whether the link is what is wrong.
  async ask() {
    try {
      const answer = await fetch('/play/index.m3u8', { cache: 'no-store' });
      if (answer.status === 403) {
        this.#hear(await answer.text());
      }
    } catch {
      // There is no network, or the answer is not the service's: the next try finds out more.
    }
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#source.close();
  }
}
