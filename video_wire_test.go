package gotgcall_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/pion/webrtc/v4/pkg/media/oggreader"

	"gotgcall"
	"gotgcall/internal/demux"
	"gotgcall/sfutest"
)

// oneFrame is how long a picture of the test film is shown.
const oneFrame = time.Second / 30

// expectInSync fails when sound and picture that belong together arrive more than a frame apart.
func (w *world) expectInSync(ep *sfutest.Endpoint, when string) {
	w.t.Helper()
	if offset, ok := ep.AVOffset(); !ok || offset.Abs() > oneFrame {
		w.t.Errorf("%s the picture arrives %s behind the sound (known: %v), expected less than a frame", when, offset, ok)
	}
}

func TestAFilmBreaksNoRuleOfTheWire(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		ep := w.join(1)
		must(t, w.client.SetStreamSources(1, film{sound: 1500, picture: 900, keySize: 60_000}))
		for range 30 {
			time.Sleep(time.Second)
			w.expectInSync(ep, "in the film")
		}
		time.Sleep(time.Second)
		w.noViolations()
		want := sfutest.VideoStats{Frames: 900, Complete: 900, KeyFrames: 30}
		got := ep.VideoStats()
		if got.Frames != want.Frames || got.Complete != want.Complete || got.KeyFrames != want.KeyFrames {
			t.Errorf("the film has %+v, expected %+v", got, want)
		}
		for _, k := range ep.KeyFrames() {
			if k.Packets < 51 || k.Burst > 10 || k.Spread < 15*time.Millisecond || k.Spread > oneFrame {
				t.Errorf("a key frame left badly spread: %+v", k)
			}
		}
		for _, ssrc := range []uint32{ep.AudioSSRC(), ep.VideoSSRC()} {
			if lead := ep.Stats(ssrc).Lead; max(lead.Max, -lead.Min) > time.Millisecond {
				t.Errorf("media time and wall time part: %+v", lead)
			}
		}
	})
}

func TestAPLIIsAnsweredByAKeyFrameWithinTwoSecondsOfFilm(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		ep := w.join(1)
		must(t, w.client.SetStreamSources(1, film{sound: 3000, picture: 1800}))
		for range 20 {
			time.Sleep(1300 * time.Millisecond)
			must(t, ep.SendPLI())
			time.Sleep(200 * time.Millisecond)
			must(t, ep.SendFIR())
		}
		_, err := w.client.Pause(1)
		must(t, err)
		time.Sleep(time.Minute)
		_, err = w.client.Resume(1)
		must(t, err)
		time.Sleep(time.Minute)
		if s := ep.VideoStats(); s.KeyRequests != 41 || s.KeyAnswers < 15 || s.KeyWaitMax == 0 || s.KeyWaitMax > 2*time.Second {
			t.Errorf("requests and answers are %+v", s)
		}
		w.noViolations()
	})
}

func TestREMBChangesNothing(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		ep := w.join(1)
		must(t, w.client.SetStreamSources(1, film{sound: 500, picture: 300}))
		for i := range 90 {
			time.Sleep(100 * time.Millisecond)
			must(t, ep.SendREMB([]float32{0, 1, 30_000, 1e12}[i%4])) // bits per second
		}
		time.Sleep(time.Minute)
		w.noViolations()
		if s := ep.VideoStats(); s.Complete != 300 || len(w.records(1)) != 500 {
			t.Errorf("%d frames and %d packets of sound arrived, expected 300 and 500", s.Complete, len(w.records(1)))
		}
		if r := w.stats(1).Video.Remote; r.PLIs != 1 || r.FIRs+r.NACKs != 0 { // the one when video begins
			t.Errorf("REMB was taken for something else: %+v", r)
		}
		w.expectStates(gotgcall.Connecting, gotgcall.Connected)
		w.expectEnds(videoEnd, audioEnd)
	})
}

func TestLostVideoComesAgainInTimeAtTenPercentLoss(t *testing.T) {
	t.Parallel()
	const delay = 25 * time.Millisecond
	for name, loss := range map[string]sfutest.Option{
		"pretended": sfutest.WithPretendedLoss(0.1), "of the network": sfutest.WithLoss(0.1),
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				ep := w.join(1)
				must(t, w.client.SetStreamSources(1, film{sound: 3000, picture: 1800, keySize: 20_000}))
				time.Sleep(time.Minute + 3*time.Second)
				s := ep.RetransmissionStats()
				if s.Asked < 200 || s.Answered*100 < s.Asked*99 || s.P50 >= 100*time.Millisecond {
					t.Errorf("retransmissions: %+v", s)
				}
				if name == "pretended" && (s.Max >= 100*time.Millisecond || s.Once != s.Answered) {
					t.Errorf("no answer is lost on its way, and yet the slowest takes %s: %+v", s.Max, s)
				}
				if s.Once*100 < s.Answered*65 { // of 100 requests and answers, 81 arrive both
					t.Errorf("only %d of %d answers took less than 100 ms", s.Once, s.Answered)
				}
				if complete, sent := ep.FramesWithin(time.Second); sent < 1795 || complete*100 < sent*99 {
					t.Errorf("%d of %d frames are complete within a second", complete, sent)
				}
				w.expectInSync(ep, "with losses")
				w.noViolations()
			}, loss, sfutest.WithDelay(delay))
		})
	}
}

func TestADeclaredVideoIsPaddedWhileASongPlays(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		ep := w.join(1)
		must(t, w.client.SetStreamSources(1, song{packets: 3000}))
		time.Sleep(time.Minute + time.Second)
		w.noViolations() // a silence of 3 s would be one
		if s := ep.VideoStats(); s.Frames != 0 || ep.Stats(ep.VideoSSRC()).Packets < 29 {
			t.Errorf("%d packets came on the SSRC of the video, of %d frames, expected padding every 2 s", ep.Stats(ep.VideoSSRC()).Packets, s.Frames)
		}
		must(t, w.client.SetStreamSources(1, film{sound: 500, picture: 300}))
		time.Sleep(time.Minute)
		w.noViolations()
		if s := ep.VideoStats(); s.Complete != 300 {
			t.Errorf("%d frames of the film behind the song are complete, expected 300", s.Complete)
		}
	})
}

func TestBothLegsResumeInSyncAfterAPause(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		ep := w.join(1)
		must(t, w.client.SetStreamSources(1, film{sound: 1000, picture: 600, keySize: 30_000}))
		for _, pause := range []time.Duration{37 * time.Millisecond, 10 * time.Second, 10 * time.Minute} {
			time.Sleep(3*time.Second + 7*time.Millisecond)
			_, err := w.client.Pause(1)
			must(t, err)
			time.Sleep(pause)
			_, err = w.client.Resume(1)
			must(t, err)
			time.Sleep(1500 * time.Millisecond)
			w.expectInSync(ep, "after a pause of "+pause.String())
		}
		time.Sleep(time.Minute)
		w.noViolations()
		w.expectSameDistance(ep)
	})
}

// expectSameDistance fails unless the recording of both legs has the same time between each frame of the picture and the sound that the
// film has beside it.
func (w *world) expectSameDistance(ep *sfutest.Endpoint) {
	w.t.Helper()
	var sound, picture bytes.Buffer
	must(w.t, ep.WriteFilm(&sound, &picture))
	heard, shown := w.soundTimes(&sound), w.pictureTimes(&picture)
	if len(heard) != 1000 || len(shown) != 600 {
		w.t.Fatalf("the recording has %d packets of sound and %d frames, expected 1000 and 600", len(heard), len(shown))
	}
	for i := 0; i < len(shown); i += 3 { // the film has 5 packets of sound for 3 frames
		if apart := shown[i] - heard[i/3*5]; apart.Abs() > oneFrame {
			w.t.Fatalf("in the recording, frame %d comes %s after the sound beside it", i, apart)
		}
	}
}

// soundTimes returns when the packets of an Ogg recording begin, by the positions of its pages.
func (w *world) soundTimes(r io.Reader) (list []time.Duration) {
	w.t.Helper()
	ogg, _, err := oggreader.NewWith(r)
	must(w.t, err)
	for {
		payload, page, err := ogg.ParseNextPage()
		if errors.Is(err, io.EOF) {
			return list
		}
		must(w.t, err)
		if !bytes.HasPrefix(payload, []byte("Opus")) {
			list = append(list, time.Duration(page.GranulePosition-960)*time.Second/48000)
		}
	}
}

// pictureTimes returns when the frames of an IVF recording begin.
func (w *world) pictureTimes(r io.Reader) (list []time.Duration) {
	w.t.Helper()
	ivf := demux.NewIVF(r)
	for {
		f, err := ivf.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		must(w.t, err)
		list = append(list, time.Duration(f.PTS)*time.Second/time.Duration(ivf.ClockRate()))
	}
}
