// The bot's end: commands go there by POST, events come back as Server-Sent Events.

export class Bot {
  constructor(onEvent, onLost) {
    this.session = '';
    this.source = new EventSource('events');
    this.source.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      if (event.type === 'hello') {
        this.session = event.session;
      }
      if (event.type === 'busy') {
        this.source.close();
      }
      onEvent(event);
    };
    // A new connection would be a new session: the call has ended with the old one.
    this.source.onerror = () => {
      this.source.close();
      onLost();
    };
  }

  // post returns what the bot answers, and throws what it refuses.
  async post(path, body) {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Preview-Session': this.session },
      body: JSON.stringify(body),
    });
    if (!response.ok) {
      throw new Error(`the preview answered ${response.status}`);
    }
    const result = await response.json();
    if (result.error) {
      throw new Error(result.error);
    }
    return result;
  }

  join() {
    return this.post('join', {});
  }

  answer(sdp) {
    return this.post('answer', { sdp });
  }

  do(what, more = {}) {
    return this.post('do', { do: what, ...more });
  }
}
