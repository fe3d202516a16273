package gotgcall_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gotgcall"
	"gotgcall/media"
)

// outcomes are the pairs of errors that two methods may return that are called at once.
type outcomes [][2]error

// allow tells whether a pair of errors is one of them.
func (o outcomes) allow(errs [2]error) bool {
	same := func(err, want error) bool { return (err == nil) == (want == nil) && errors.Is(err, want) }
	return slices.ContainsFunc(o, func(want [2]error) bool { return same(errs[0], want[0]) && same(errs[1], want[1]) })
}

// TestTwoMethodsAtOnceLeaveOneAnswer: a thousand chats for each pair. What is tried is who may go on, and not the network: Connect claims the call and
// then finds that the server has no address that may be used.
func TestTwoMethodsAtOnceLeaveOneAnswer(t *testing.T) {
	type method func(w *world, chat int64, answer string) error
	create := func(w *world, chat int64, _ string) error { _, err := w.client.CreateCall(chat); return err }
	start := func(w *world, chat int64, _ string) error { return w.client.StartRTMP(chat, nowhere("", chat)) }
	connect := func(w *world, chat int64, answer string) error { return w.client.Connect(chat, answer) }
	rejoin := func(w *world, chat int64, _ string) error { _, err := w.client.Rejoin(chat); return err }
	stop := func(w *world, chat int64, _ string) error { return w.client.Stop(chat) }
	taken, none, failed := gotgcall.ErrConnectionExists, gotgcall.ErrConnectionNotFound, gotgcall.ErrConnectionFailed
	for name, c := range map[string]struct {
		both  [2]method
		made  bool // the chat has a call before
		leave outcomes
	}{
		"CreateCall twice":         {[2]method{create, create}, false, outcomes{{nil, taken}, {taken, nil}}},
		"CreateCall and StartRTMP": {[2]method{create, start}, false, outcomes{{nil, taken}, {taken, nil}}},
		"CreateCall and Stop":      {[2]method{create, stop}, true, outcomes{{nil, nil}, {taken, nil}}},
		"Connect twice": {[2]method{connect, connect}, true, outcomes{
			{failed, taken}, {taken, failed}, {failed, gotgcall.ErrNotConnected}, {gotgcall.ErrNotConnected, failed},
		}},
		"Connect and Stop":   {[2]method{connect, stop}, true, outcomes{{failed, nil}, {none, nil}}},
		"Connect and Rejoin": {[2]method{connect, rejoin}, true, outcomes{{failed, nil}}},
		"Stop twice":         {[2]method{stop, stop}, true, outcomes{{nil, nil}, {nil, none}, {none, nil}}},
	} {
		t.Run(name, func(t *testing.T) {
			options := []gotgcall.Option{gotgcall.WithNetworkTypes(gotgcall.NetworkTypeUDP6), gotgcall.WithLogger(slog.New(slog.DiscardHandler))}
			inFakeTimeWith(t, options, func(t *testing.T, w *world) {
				chats := int64(1000)
				if underRace { // where a certificate takes ten times as long
					chats = 300
				}
				answer := w.create(chats)
				for chat := range chats {
					if c.made {
						must(t, create(w, chat, ""))
					}
					var errs [2]error
					var both sync.WaitGroup
					for i, f := range c.both {
						both.Go(func() { errs[i] = f(w, chat, answer) })
					}
					both.Wait()
					if !c.leave.allow(errs) {
						t.Fatalf("chat %d: the errors are «%v» and «%v»", chat, errs[0], errs[1])
					}
					_ = stop(w, chat, "") // unless it has been
					if w.hasCall(chat) {
						t.Fatalf("chat %d has a call after Stop", chat)
					}
				}
			})
		})
	}
}

// tardy is a song that takes up to 20 ms to be opened, whatever its context says.
type tardy struct {
	song
	open *atomic.Int32 // how many of its streams have not been closed
}

func (s tardy) Open(ctx context.Context) (*media.Streams, error) {
	time.Sleep(rand.N(20 * time.Millisecond))
	streams, err := s.song.Open(ctx)
	if err != nil {
		return nil, err
	}
	s.open.Add(1)
	return media.NewStreams(streams.Audio, nil, func() error { s.open.Add(-1); return nil }), nil
}

// TestCloseAtAnyMomentLeavesNothing: chats get calls and sources all the time. A goroutine that stays fails the bubble.
func TestCloseAtAnyMomentLeavesNothing(t *testing.T) {
	const rounds, chats = 40, 8
	synctest.Test(t, func(t *testing.T) {
		for range rounds {
			var open atomic.Int32
			client, err := gotgcall.New(gotgcall.WithoutFFmpeg(), gotgcall.WithLogger(slog.New(slog.DiscardHandler)))
			must(t, err)
			var busy sync.WaitGroup
			for chat := range int64(chats) {
				busy.Go(func() {
					for err := error(nil); err == nil; err = client.Stop(chat) {
						_, err = client.CreateCall(chat)
						if err == nil {
							err = client.SetStreamSources(chat, tardy{song{packets: 50}, &open})
						}
						if err != nil {
							if !errors.Is(err, gotgcall.ErrClosed) && !errors.Is(err, gotgcall.ErrConnectionNotFound) { // the call's end may come first
								t.Errorf("the error is «%v», expected ErrClosed or ErrConnectionNotFound", err)
							}
							return
						}
					}
				})
			}
			time.Sleep(rand.N(50 * time.Millisecond))
			begin := time.Now()
			must(t, client.Close())
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("Close took %s", took)
			}
			if n := len(client.Calls()); n != 0 {
				t.Errorf("%d calls are left", n)
			}
			busy.Wait()
			time.Sleep(20 * time.Millisecond) // what was being opened
			synctest.Wait()
			if n := open.Load(); n != 0 {
				t.Errorf("%d streams were not closed", n)
			}
		}
	})
}

// TestACallThatComesWhileTheClientIsClosedIsRefused: the policy is asked after the chat was found to be free, and before it gets its call.
func TestACallThatComesWhileTheClientIsClosedIsRefused(t *testing.T) {
	var client *gotgcall.Client
	client, err := gotgcall.New(gotgcall.WithoutFFmpeg(), gotgcall.WithURLPolicy(func(*url.URL) error { return client.Close() }))
	must(t, err)
	is(t, client.StartRTMP(1, nowhere("", 1)), gotgcall.ErrClosed)
	if n := len(client.Calls()); n != 0 {
		t.Errorf("%d calls are left after Close", n)
	}
}
