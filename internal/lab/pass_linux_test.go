package lab

import (
	"errors"
	"math"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/leak"
	"gotgcall/sfutest"
)

// passing is something that is wrong with a network and ends nothing.
type passing struct {
	long    bool                 // for make lab only
	server  []sfutest.Option     // beside the tolerance of losses
	wrong   func(w *wire) *fault // from before the call on; nil: nothing
	source  gotgcall.Source      // nil: a song
	happens func(t *testing.T, c *call, ep *sfutest.Endpoint)
}

// lasting is how long something random goes on: the more packets, the narrower the bounds.
func lasting() time.Duration {
	if full() {
		return 12 * time.Second
	}
	return 3 * time.Second
}

var passingFaults = map[string]passing{
	"a blackout of 3 s":  {happens: blackout(3 * time.Second)},
	"a blackout of 7 s":  {happens: blackout(7 * time.Second), long: true},
	"a blackout of 15 s": {happens: blackout(15 * time.Second), long: true},

	"sending is not permitted": {happens: unsendable((*wire).refuse, syscall.EPERM)},
	"there is no route":        {happens: unsendable((*wire).unroute, syscall.ENETUNREACH)},

	"the address goes and comes back": {happens: moveAndBack},

	"30 % are lost": {wrong: thirty, happens: loss},
	"30 % are lost of what is late, overtaken and repeated": {wrong: thirty, happens: loss, long: true, server: []sfutest.Option{
		sfutest.WithDelay(100 * time.Millisecond), sfutest.WithReorder(0.1, 50*time.Millisecond), sfutest.WithDuplicate(0.01),
	}},
	"a film of 2 Mbit/s through 1 Mbit/s": {wrong: narrow, happens: crowd, source: film{30 * time.Second, 8000}},
}

// TestFaultsThatPassEndNothing has each fault on a wire of its own. However it went, the call is connected and heard at the end, nothing has ended, and
// nothing that was kept back is sent later.
func TestFaultsThatPassEndNothing(t *testing.T) {
	required(t)
	leak.Check(t)
	for name, f := range passingFaults {
		if f.long && !full() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t)
			lossy := tolerances()
			lossy.Loss = true
			server := w.serve(serverPort, append(f.server, sfutest.WithTolerances(lossy))...)
			c := newCall(t, w, gotgcall.WithConnectTimeout(hang))
			if f.wrong != nil {
				c.wrong = f.wrong(w)
			}
			source := f.source
			if source == nil {
				source = song{time.Minute}
			}
			ep := c.start(server, source)
			f.happens(t, c, ep)
			c.hear(ep, perSecond/5)
			c.reaches(gotgcall.Connected)
			if ends := c.ended(); len(ends) > 0 {
				t.Errorf("something has ended: %q", ends)
			}
			if slices.Contains(c.history(), gotgcall.Failed) {
				t.Errorf("the states were %v", c.history())
			}
			for _, v := range server.Violations() {
				t.Errorf("violation: %s", v)
			}
		})
	}
}

// blackout is the loss of everything for a while: Disconnected, then Connected, once each.
func blackout(length time.Duration) func(*testing.T, *call, *sfutest.Endpoint) {
	return func(t *testing.T, c *call, ep *sfutest.Endpoint) {
		begin := time.Now()
		dark := c.wire.blackout()
		c.reaches(gotgcall.Disconnected)
		noticed := time.Since(begin)
		time.Sleep(time.Until(begin.Add(length)))
		dark.lift()
		light := time.Now()
		c.reaches(gotgcall.Connected)
		known := time.Since(light)
		c.hear(ep, perSecond)
		t.Logf("Disconnected after %s; when it was over Connected after %s, and sound after %s", noticed, known, firstAfter(t, ep, light))
		c.expectStates(gotgcall.Disconnected, gotgcall.Connected)
		expectNothingLate(t, ep)
	}
}

// firstAfter returns how long after a moment the first packet of sound came.
func firstAfter(t *testing.T, ep *sfutest.Endpoint, moment time.Time) time.Duration {
	t.Helper()
	for _, p := range ep.Records(ep.AudioSSRC()) {
		if p.Arrival.After(moment) {
			return p.Arrival.Sub(moment)
		}
	}
	t.Error("there is no packet after the fault")
	return 0
}

// expectNothingLate fails when packets came out of their order, or twice: then they were kept back.
func expectNothingLate(t *testing.T, ep *sfutest.Endpoint) {
	t.Helper()
	if s := ep.Stats(ep.AudioSSRC()); s.Lost == 0 || s.Late > 0 || s.Duplicates > 0 {
		t.Errorf("%d packets were lost, %d came late and %d twice; expected some that are lost and nothing else", s.Lost, s.Late, s.Duplicates)
	}
}

// unsendable is a time in which every sending is an error.
func unsendable(fail func(*wire) *fault, want syscall.Errno) func(*testing.T, *call, *sfutest.Endpoint) {
	return func(t *testing.T, c *call, ep *sfutest.Endpoint) {
		f := fail(c.wire)
		if err := c.wire.send(); !errors.Is(err, want) {
			t.Errorf("sending gives «%v», expected «%v»", err, want)
		}
		time.Sleep(3 * time.Second)
		dropped := f.counts(t)
		f.lift()
		light := time.Now()
		c.hear(ep, perSecond)
		lost := ep.Stats(ep.AudioSSRC()).Lost
		t.Logf("%d packets of sound were not sent; sound %s after the fault; states %v", lost, firstAfter(t, ep, light), c.history())
		if len(dropped) > 0 && int(lost) > dropped[0] {
			t.Errorf("%d packets of sound are missing, but only %d sendings failed", lost, dropped[0])
		}
		expectNothingLate(t, ep)
	}
}

// send sends a datagram from the bot's host to the server's, at a port where nobody is.
func (w *wire) send() error {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(w.bot, 0)))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	const discard = 9 // RFC 863
	_, err = conn.WriteToUDPAddrPort([]byte("x"), netip.AddrPortFrom(w.server, discard))
	return err
}

// moveAndBack is a machine that has another address until the call is Disconnected.
func moveAndBack(t *testing.T, c *call, ep *sfutest.Endpoint) {
	home := c.wire.bot
	c.wire.renumber(home.Next().Next())
	c.reaches(gotgcall.Disconnected)
	c.wire.renumber(home)
	light := time.Now()
	c.reaches(gotgcall.Connected)
	known := time.Since(light)
	c.hear(ep, perSecond)
	t.Logf("with the old address again Connected after %s, and sound after %s", known, firstAfter(t, ep, light))
	c.expectStates(gotgcall.Disconnected, gotgcall.Connected)
	expectNothingLate(t, ep)
}

// lossPercent is how many of a hundred datagrams are lost at random, in both directions.
const lossPercent = 30

func thirty(w *wire) *fault { return w.lose(lossPercent) }

// loss counts what arrives.
func loss(t *testing.T, c *call, ep *sfutest.Endpoint) {
	before := ep.Stats(ep.AudioSSRC())
	time.Sleep(lasting())
	after := ep.Stats(ep.AudioSSRC())
	sent, came := after.LastSeq-before.LastSeq, after.Packets-before.Packets
	const p, slack = lossPercent / 100.0, 5                                       // what is under way at the beginning and the end
	want, margin := float64(sent)*(1-p), slack+5*math.Sqrt(float64(sent)*p*(1-p)) // five standard deviations
	t.Logf("connected in %s; %d of %d packets of sound arrived, %.1f %%; all that was lost, at the bot and at the server: %v",
		c.link().Connect.Round(time.Millisecond), came, sent, float64(came)*100/float64(sent), c.wrong.counts(t))
	if math.Abs(float64(came)-want) > margin {
		t.Errorf("%d of %d packets of sound arrived, expected %.0f ± %.0f", came, sent, want, margin)
	}
}

// narrow is a wire with less room than the film needs.
func narrow(w *wire) *fault {
	w.limit("1mbit")
	return nil
}

// crowd counts what gets through: what does not fit is lost, and most of that is picture.
func crowd(t *testing.T, c *call, ep *sfutest.Endpoint) {
	sound, picture := ep.Stats(ep.AudioSSRC()), ep.Stats(ep.VideoSSRC())
	time.Sleep(lasting())
	soundAfter, pictureAfter := ep.Stats(ep.AudioSSRC()), ep.Stats(ep.VideoSSRC())
	sent, came := soundAfter.LastSeq-sound.LastSeq, soundAfter.Packets-sound.Packets
	pictureSent, pictureCame := pictureAfter.LastSeq-picture.LastSeq, pictureAfter.Packets-picture.Packets
	t.Logf("%d of %d packets of sound arrived, and %d of %d packets of the picture, %d of them by retransmission; states %v", came, sent,
		pictureCame, pictureSent, pictureAfter.Recovered-picture.Recovered, c.history())
	if came < sent/2 {
		t.Errorf("%d of %d packets of sound arrived, expected at least half", came, sent)
	}
	if pictureCame >= pictureSent {
		t.Error("the whole film fitted, so that nothing was tested")
	}
}
