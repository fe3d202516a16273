// The server's end of the wire: a connection that receives sound and picture and sends nothing.

const gatherFor = 2000; // ms

export class Peer {
  // screen and speaker are the elements for the picture and the sound. They are two, because one would stay silent until the first picture; what
  // keeps the two in sync is the connection.
  constructor(screen, speaker, onState) {
    this.connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' });
    this.connection.ontrack = ({ track }) => {
      (track.kind === 'audio' ? speaker : screen).srcObject = new MediaStream([track]);
    };
    this.connection.onconnectionstatechange = () => onState(this.connection.connectionState);
  }

  // answer takes the offer and returns the page's SDP with the addresses under which it can be reached.
  async answer(offer) {
    await this.connection.setRemoteDescription({ type: 'offer', sdp: offer });
    const { sdp } = await this.connection.createAnswer();
    const gathered = new Promise((resolve) => {
      this.connection.onicegatheringstatechange = () => this.connection.iceGatheringState === 'complete' && resolve();
      setTimeout(resolve, gatherFor);
    });
    // Without this word a Chromium decodes both channels into one.
    await this.connection.setLocalDescription({ type: 'answer', sdp: sdp.replace(/^(a=fmtp:111 (?!.*stereo=).*)$/m, '$1;stereo=1') });
    await gathered;
    return this.connection.localDescription.sdp;
  }

  stats() {
    return this.connection.getStats();
  }

  close() {
    this.connection.close();
  }
}
