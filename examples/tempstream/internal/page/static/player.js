// The player: it begins at the live edge, and begins again whenever the stream breaks off. hls.js plays wherever there is a MediaSource, since it
// recovers from what browsers' own HLS does not; those are for the rest.

const address = '/play/index.m3u8';
const firstRetry = 500; // ms until it begins again, doubled each time
const lastRetry = 8000;
const lookEvery = 1000; // ms between two looks at whether the picture moves
const stuckAfter = 6; // looks without a movement
const farBehind = 6; // s behind where the live stream should be played: they are skipped

const settings = {
  enableWorker: false, // the segments are fMP4: there is nothing to remux, and the page needs no permission for workers
  lowLatencyMode: true,
  liveDurationInfinity: true, // the controls say "live"
  maxLiveSyncPlaybackRate: 1.1, // what is a little behind is caught up with
  backBufferLength: 20, // s
};

export class Player {
  #video;
  #tell; // {moving(), loading(), muted(), refused(), denied(), unable()}
  #hls = null;
  #running = false; // the server has a stream
  #wanted = true; // the viewer has not pressed pause
  #retry = firstRetry;
  #timer = 0;
  #watch = 0;
  #last = -1; // position at the last look
  #still = 0; // looks since it moved

  constructor(video, tell) {
    this.#video = video;
    this.#tell = tell;
    video.addEventListener('playing', () => tell.moving());
    video.addEventListener('waiting', () => this.#running && tell.loading());
    video.addEventListener('error', () => this.#hls || this.#again()); // of hls.js's own errors hear #failed
    video.addEventListener('play', () => this.#resumed());
    video.addEventListener('pause', () => this.#paused());
  }

  // run plays, from the live edge on. What plays already goes on.
  run() {
    if (!this.#running) {
      this.#running = true;
      this.#retry = firstRetry;
      this.#watch = setInterval(() => this.#look(), lookEvery);
      this.#begin();
    }
  }

  // hold stops loading: there is nothing to load. What is loaded is played to its end.
  hold() {
    this.#running = false;
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    this.#hls?.stopLoad();
  }

  // close ends it for good, sound and picture included.
  close() {
    this.hold();
    this.#clear();
  }

  // play is the viewer's click.
  play() {
    this.#wanted = true;
    this.#play();
  }

  unmute() {
    this.#video.muted = false;
    this.play();
  }

  #clear() {
    this.#hls?.destroy();
    this.#hls = null;
    this.#video.removeAttribute('src');
    this.#video.load();
  }

  #begin() {
    this.#last = -1;
    this.#still = 0;
    this.#tell.loading();
    this.#clear();
    const Hls = globalThis.Hls;
    if (Hls?.isSupported()) {
      const hls = new Hls(settings);
      this.#hls = hls;
      hls.on(Hls.Events.MANIFEST_PARSED, () => this.#play());
      hls.on(Hls.Events.ERROR, (_, error) => this.#failed(error));
      hls.loadSource(address);
      hls.attachMedia(this.#video);
    } else if (this.#video.canPlayType('application/vnd.apple.mpegurl')) {
      this.#video.src = address;
      this.#play();
    } else {
      this.close();
      this.#tell.unable();
    }
  }

  // again begins anew after a while, with a new connection and a new MediaSource: the server may have started over, with other numbers and formats.
  #again() {
    if (!this.#running) {
      return;
    }
    this.#tell.loading();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#begin(), this.#retry);
    this.#retry = Math.min(2 * this.#retry, lastRetry);
    this.#still = 0;
  }

  #failed(error) {
    if (error.response?.code === 403) {
      this.#tell.denied();
    }
    if (error.fatal) {
      this.#again();
    }
  }

  // look begins anew when the picture stands still for no reason.
  #look() {
    this.#catchUp();
    const now = this.#video.currentTime;
    if (now !== this.#last) {
      this.#last = now;
      this.#still = 0;
      this.#retry = now > 0 ? firstRetry : this.#retry;
    } else if (this.#wanted && ++this.#still >= stuckAfter) {
      this.#again();
    }
  }

  async #play() {
    if (!this.#wanted) { // the stream is back, and the viewer had paused it
      this.#tell.refused();
      return;
    }
    const video = this.#video;
    try {
      await video.play();
    } catch (e) {
      if (e.name !== 'NotAllowedError') {
        return; // it begins anew, or has been paused
      }
      if (video.muted) {
        this.#wanted = false; // until the click
        this.#tell.refused();
        return;
      }
      video.muted = true; // a picture without sound is allowed more often
      this.#tell.muted();
      await this.#play();
    }
  }

  // Who pauses and goes on is live again.
  #resumed() {
    this.#wanted = true;
    this.#catchUp();
  }

  #catchUp() {
    const edge = this.#hls?.liveSyncPosition;
    if (edge && edge - this.#video.currentTime > farBehind && !this.#video.paused) {
      this.#video.currentTime = edge;
    }
  }

  #paused() {
    const { readyState, ended, error } = this.#video;
    if (readyState > 0 && !ended && !error) { // else it is not the viewer who pauses
      this.#wanted = false;
    }
  }
}
