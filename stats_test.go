package gotgcall_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"gotgcall"
	"gotgcall/internal/demux/oggtest"
	"gotgcall/media"
	"gotgcall/models"
	"gotgcall/sfutest"
)

func (w *world) stats(chat int64) gotgcall.CallStats {
	w.t.Helper()
	s, err := w.client.Stats(chat)
	must(w.t, err)
	return s
}

func TestStatsCountWhatTheListenerGets(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		ep := w.join(1)
		begin := time.Now()
		must(t, w.client.SetStreamSources(1, film{sound: 1000, picture: 600}))
		time.Sleep(5 * time.Second)
		_, err := w.client.Mute(1)
		must(t, err)
		time.Sleep(5 * time.Second)
		s := w.stats(1)
		if s.State != gotgcall.Connected || s.Since.After(begin) || !s.Media.Muted || s.Position < 9900*time.Millisecond ||
			!strings.Contains(s.Source, "film") {
			t.Errorf("%+v", s)
		}
		heard, seen := uint64(ep.Stats(ep.AudioSSRC()).Packets), w.pictures(1)
		if s.Audio.Frames != heard || s.Audio.Muted < 248 || s.Audio.Muted > 252 || s.Audio.Bytes != 101*heard || !s.Audio.Playing {
			t.Errorf("the listener heard %d packets, audio is %+v", heard, s.Audio)
		}
		if n := uint64(len(seen)); s.Video.Frames < n || s.Video.Frames > n+2 || // two are on their way
			!s.Video.Playing || s.Video.Queued < 400*time.Millisecond {
			t.Errorf("the listener saw %d frames, video is %+v", len(seen), s.Video)
		}
		if since := time.Since(s.Audio.LastSent); since < 4900*time.Millisecond || since > 5100*time.Millisecond {
			t.Errorf("the last sound was sent %s ago", since)
		}
		if r := s.Audio.Remote; r.Reports < 8 || time.Since(r.LastReport) > 2*time.Second || r.Loss != 0 || r.Lost != 0 ||
			r.RTT < 95*time.Millisecond || r.RTT > 105*time.Millisecond {
			t.Errorf("of the sound the server says %+v", r)
		}
		if l := s.Link; l.Controlling || l.Connect <= 0 || !strings.HasPrefix(l.Local, clientAddr+":") || !strings.HasPrefix(l.Remote, serverAddr+":") {
			t.Errorf("the link is %+v", l)
		}
		time.Sleep(15 * time.Second)
		s = w.stats(1)
		if s.Source != "" || s.Audio.Playing || s.Video.Playing || s.Audio.LastEnd.IsZero() || s.Audio.LastError != nil || s.Video.LastEnd.IsZero() {
			t.Errorf("after the end: %+v", s)
		}
	}, sfutest.WithDelay(50*time.Millisecond))
}

func TestStatsCountLossAndWhatIsAskedForAgain(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		ep := w.join(1)
		must(t, w.client.SetStreamSources(1, film{sound: 500, picture: 300}))
		time.Sleep(8 * time.Second)
		for range 10 { // some are lost
			must(t, ep.SendFIR())
			must(t, ep.SendPLI())
		}
		time.Sleep(time.Second)
		s := w.stats(1)
		if r := s.Audio.Remote; r.Loss < 0.05 || r.Loss > 0.6 || r.Lost < 20 {
			t.Errorf("of the sound the server says %+v", r)
		}
		if r := s.Video.Remote; r.NACKs < 10 || r.Retransmitted < 10 || r.PLIs == 0 || r.FIRs == 0 || r.FIRs > 10 {
			t.Errorf("of the picture the server says %+v", r)
		}
	}, sfutest.WithLoss(0.2), sfutest.WithSeed(7))
}

// silence is a source of digital silence.
func silence(packets int) gotgcall.Source {
	list := make([]oggtest.Packet, packets)
	for i := range list {
		list[i] = oggtest.Opus(960, 3, 0)
	}
	return ownSource(oggtest.Join(oggtest.Stream{}.Pages(list)))
}

func TestDiagnoseSaysWhyNobodyHearsAnything(t *testing.T) {
	t.Parallel()
	broken := errors.New("the cable was cut")
	for want, c := range map[string]struct {
		do   func(t *testing.T, w *world)
		text []string // what it must say
	}{
		models.FindNotConnected: {func(t *testing.T, w *world) { w.create(1) }, []string{"Connect", "connecting"}},
		models.FindNoSource:     {func(_ *testing.T, w *world) { w.join(1) }, []string{"SetStreamSources"}},
		models.FindPaused: {func(t *testing.T, w *world) {
			w.join(1)
			must(t, w.client.SetStreamSources(1, song{packets: 5000}))
			_, err := w.client.Pause(1)
			must(t, err)
		}, []string{"Resume"}},
		models.FindMuted: {func(t *testing.T, w *world) {
			w.join(1)
			must(t, w.client.SetStreamSources(1, song{packets: 5000}))
			time.Sleep(10 * time.Second)
			_, err := w.client.Mute(1)
			must(t, err)
		}, []string{"Unmute"}},
		models.FindEnded: {func(t *testing.T, w *world) {
			w.join(1)
			must(t, w.client.SetStreamSources(1, song{packets: 100, reader: func(r io.Reader) io.Reader {
				return io.MultiReader(io.LimitReader(r, 5000), failing{broken})
			}}))
		}, []string{"the cable was cut"}},
		models.FindSilent: {func(t *testing.T, w *world) {
			w.join(1)
			must(t, w.client.SetStreamSources(1, silence(5000)))
		}, []string{"3 bytes"}},
		models.FindNoSound: {func(t *testing.T, w *world) {
			w.join(1)
			must(t, w.client.SetStreamSources(1, film{picture: 5000}))
		}, []string{"no sound"}},
		models.FindStarved: {func(t *testing.T, w *world) {
			w.join(1)
			must(t, w.client.SetStreamSources(1, song{packets: 5000, reader: func(r io.Reader) io.Reader { return newGate(r, 20_000) }}))
		}, []string{"hangs"}},
		models.FindNoReports: {func(t *testing.T, w *world) {
			w.join(1)
			must(t, w.client.SetStreamSources(1, song{packets: 5000}))
			time.Sleep(10 * time.Second)
		}, []string{"does not confirm"}},
		models.FindNothingWrong: {func(t *testing.T, w *world) {
			w.join(1)
			must(t, w.client.SetStreamSources(1, song{packets: 5000}))
		}, []string{"nothing is wrong"}},
	} {
		t.Run(want, func(t *testing.T) {
			var opts []sfutest.Option
			if want == models.FindNoReports {
				opts = append(opts, sfutest.WithReports(0))
			}
			inFakeTime(t, func(t *testing.T, w *world) {
				c.do(t, w)
				time.Sleep(8 * time.Second)
				d, err := w.client.Diagnose(1)
				must(t, err)
				if d.Findings[0].Code != want || d.Audible != (want == models.FindNothingWrong) {
					t.Errorf("it says %+v", d)
				}
				for _, text := range c.text {
					if !strings.Contains(fmt.Sprint(d), text) {
						t.Errorf("%q is not in %q", text, d)
					}
				}
			}, opts...)
		})
	}
}

func BenchmarkStatsOfAThousandCalls(b *testing.B) {
	client, err := gotgcall.New(gotgcall.WithoutFFmpeg())
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	for chat := range int64(1000) {
		if _, err := client.CreateCall(chat); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for chat := range int64(1000) {
			if _, err := client.Stats(chat); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// late is an album whose sound takes a while until it shows that there is none.
type late struct{ album }

func (l late) Open(ctx context.Context) (*media.Streams, error) {
	opened, err := l.album.Open(ctx)
	if err != nil {
		return nil, err
	}
	head, end := io.Pipe()
	go func() {
		time.Sleep(100 * time.Millisecond)
		_, err := io.Copy(end, opened.Audio)
		_ = end.CloseWithError(err)
	}()
	return media.NewStreams(head, opened.Video, head.Close), nil
}

func TestALegThatTheSourceDoesNotHaveDoesNotPlayAndHasNoEnd(t *testing.T) {
	for name, source := range map[string]gotgcall.Source{"at once": album{picture: 90}, "later": late{album{picture: 90}}} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				w.join(1)
				must(t, w.client.SetStreamSources(1, source))
				time.Sleep(time.Second)
				s, err := w.client.Stats(1)
				must(t, err)
				if s.Audio.Playing || !s.Video.Playing {
					t.Errorf("the sound plays: %v, the picture: %v; expected the picture alone", s.Audio.Playing, s.Video.Playing)
				}
				d, err := w.client.Diagnose(1)
				must(t, err)
				if len(d.Findings) == 0 || d.Findings[0].Code != models.FindNoSound {
					t.Errorf("the diagnosis is %+v", d.Findings)
				}
				time.Sleep(3 * time.Second)
				if ends := w.log.ended(); len(ends) != 1 {
					t.Errorf("%d ends were told, expected that of the picture", len(ends))
				}
			})
		})
	}
}
