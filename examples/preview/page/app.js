// The page: it plays Telegram's server for one bot, and shows what arrives.

import { Bot } from './bot.js';
import { Controls } from './controls.js';
import { Peer } from './peer.js';
import { Plots } from './plots.js';
import { between, totals } from './receiver.js';
import { $, list, log, notice, pretty } from './view.js';

const sampleEvery = 1000; // ms

const plots = new Plots($('plots'));
const bot = new Bot(show, lost);
const controls = new Controls(bot);
let peer = null;
let last = null; // the totals before
let sampling = 0;
let standing = ''; // a notice that stays true

// What a test, or somebody at the console, may want: preview.totals() are the receiver's figures so far.
globalThis.preview = { totals: async () => totals(await peer.stats()), between };

$('listen').disabled = true;
if (globalThis.RTCPeerConnection) {
  $('listen').addEventListener('click', listen);
} else {
  notice('This browser has no WebRTC, so it cannot hear a call: use a current Chromium, Chrome, Edge, Firefox or Safari, and allow WebRTC in it.');
}

// listen is the join: the page gets the payload, and answers it.
async function listen() {
  $('listen').disabled = true;
  notice(standing);
  try {
    peer = new Peer($('screen'), $('speaker'), (state) => log(`the page's connection is ${state}`));
    const { payload, offer } = await bot.join();
    $('payload').textContent = pretty(payload);
    const { answer } = await bot.answer(await peer.answer(offer));
    $('answer').textContent = pretty(answer);
    begin();
  } catch (e) {
    notice(`Joining failed: ${e.message}`);
    log(`joining: ${e.message}`, true);
    hangUp();
    await bot.do('stop').catch(() => {}); // of what has begun at the other end
  }
}

function begin() {
  $('listen').hidden = true;
  controls.enable(true);
  plots.clear();
  last = null;
  sampling = setInterval(sample, sampleEvery);
}

function hangUp() {
  clearInterval(sampling);
  peer?.close();
  peer = null;
  $('screen').srcObject = null;
  $('speaker').srcObject = null;
  $('listen').hidden = false;
  $('listen').disabled = bot.session === '';
  controls.enable(false);
}

async function sample() {
  const now = totals(await peer.stats());
  if (last) {
    plots.add(between(last, now));
  }
  last = now;
}

function lost() {
  bot.session = '';
  hangUp();
  $('state').textContent = 'ended';
  notice('The preview has ended. Start it again with make preview, and open the address that it prints.');
}

const shows = {
  hello(e) {
    controls.offer(e);
    $('listen').disabled = !globalThis.RTCPeerConnection;
    if (!e.ffmpeg) {
      standing = `There is no ffmpeg, so only Opus in Ogg can be played, a built-in piece first. Install ffmpeg for everything else. (${e.why})`;
      notice(standing);
    }
  },
  busy(e) {
    notice(e.text);
    $('state').textContent = 'not here';
  },
  connection(e) {
    log(`the ${e.of} is ${e.state}`, e.state === 'failed' || e.state === 'timeout');
    if (e.of === 'call') {
      $('state').textContent = e.state;
      if (['closed', 'failed', 'timeout'].includes(e.state)) {
        hangUp();
      }
    }
  },
  track(e) {
    log(`track ${e.id} begins: ${e.info.title}`);
    controls.track(e.info);
  },
  trackEnd(e) {
    log(`${e.title} is over: ${e.how}`);
  },
  streamEnd(e) {
    log(`OnStreamEnd of the ${e.of}, ${e.leg}: ${e.how}`);
  },
  media(e) {
    const words = [e.muted && 'muted', e.paused && 'paused', e.videoStopped && 'without picture'].filter(Boolean);
    log(`the ${e.of} is ${words.join(', ') || 'sending'}`);
    if (e.of === 'call') {
      $('state').textContent = words.filter((w) => w !== 'without picture').join(', ') || 'connected';
    }
  },
  log(e) {
    log(e.text);
  },
  error(e) {
    log(e.text, true);
    notice(e.text);
  },
  status(e) {
    if (e.position !== undefined) {
      controls.position(e.position);
    }
    list('stats', e.stats ?? []);
    list('diagnosis', e.diagnosis ?? ['There is no call.'], () => e.diagnosis && !e.audible);
    list('broadcast', e.broadcast ?? []);
    list('queue', e.queue);
  },
};

function show(event) {
  shows[event.type](event);
}
