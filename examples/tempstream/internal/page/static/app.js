// The page: what the server says, what the player does, and the words for both.

import { expiry } from './expiry.js';
import { Feed } from './feed.js';
import { Player } from './player.js';

const $ = (id) => document.getElementById(id);

// The states of the stream: the badge, the words over the picture, and whether there is something to play.
const states = {
  connecting: { badge: 'Connecting', words: 'Connecting…' },
  live: { badge: 'Live', words: '', plays: true },
  paused: { badge: 'Paused', words: 'The broadcaster has paused. It goes on here by itself.', plays: true },
  waiting: { badge: 'Waiting', words: 'Waiting for the broadcast. It begins here by itself.' },
  ended: { badge: 'Ended', words: 'The broadcast is over. Should it begin again, it plays here.' },
  full: { badge: 'Full', words: 'As many people as may are watching by this link. You see the stream as soon as a place is free.' },
};

let state = 'connecting';
let silent = false; // the server does not answer
let moving = false; // the picture
let unable = false; // the browser
let silenced = false; // the browser plays without sound until a click
let asks = false; // it plays nothing until a click

const player = new Player($('screen'), {
  moving: () => { moving = true; asks = false; show(); },
  loading: () => { moving = false; show(); },
  muted: () => { silenced = true; show(); },
  refused: () => { asks = true; show(); },
  denied: () => feed.ask(),
  unable: () => { unable = true; show(); },
});
const feed = new Feed(turn, () => { silent = true; show(); });

$('play').addEventListener('click', () => (silenced ? player.unmute() : player.play()));
$('unmute').addEventListener('click', () => player.unmute());
$('screen').addEventListener('volumechange', () => { silenced &&= $('screen').muted; show(); });
addEventListener('pagehide', () => feed.close());
addEventListener('pageshow', (e) => e.persisted && location.reload());
if ($('expires')) {
  expiry($('expires'), $('left'));
}
show();

// turn follows the server.
function turn(next) {
  silent = false;
  if (next === 'off') {
    end();
    return;
  }
  if (!states[next]) {
    return; // of a newer server
  }
  state = next;
  if (states[state].plays && !unable) {
    player.run();
  } else {
    player.hold();
  }
  show();
}

// end is for good: only a new link helps.
function end() {
  feed.close();
  player.close();
  document.querySelector('header').hidden = true;
  $('watch').hidden = true;
  $('off').hidden = false;
}

function show() {
  $('watch').dataset.state = state;
  $('watch').dataset.moving = moving;
  $('badge').textContent = silent && state !== 'ended' ? 'Reconnecting' : states[state].badge; // a service may go away after the end
  $('words').textContent = words();
  $('words').hidden = $('words').textContent === '';
  $('play').hidden = !asks;
  $('unmute').hidden = !silenced || asks;
}

function words() {
  if (unable) {
    return 'This browser cannot play the stream: it has neither Media Source Extensions nor HLS. Use a current Chrome, Edge, Firefox or Safari.';
  }
  if (state === 'live' && !moving && !asks) {
    return silent ? 'Reconnecting…' : 'Loading…';
  }
  return states[state].words;
}
