package sfutest

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gotgcall/jsonparams"
)

func TestJoinRefuses(t *testing.T) {
	good := testPayload(1, 2, 3).Marshal()
	for name, c := range map[string]struct {
		payload string
		want    error
		text    string
	}{
		"nothing":                       {"", ErrDataInvalid, ""},
		"not JSON":                      {"{", ErrDataInvalid, ""},
		"no ssrc":                       {strings.Replace(good, `"ssrc":1`, `"other":1`, 1), ErrDataInvalid, "ssrc"},
		"ssrc 0":                        {strings.Replace(good, `"ssrc":1`, `"ssrc":0`, 1), ErrDataInvalid, "ssrc"},
		"an ssrc beyond int32":          {strings.Replace(good, `"ssrc":1`, `"ssrc":2147483648`, 1), ErrDataInvalid, "2147483648"},
		"an ssrc as text":               {strings.Replace(good, `"ssrc":1`, `"ssrc":"1"`, 1), ErrDataInvalid, "ssrc"},
		"no ufrag":                      {strings.Replace(good, `"ufrag"`, `"frag"`, 1), ErrDataInvalid, "ufrag"},
		"a short pwd":                   {strings.Replace(good, `"pwd":"abcdefgh`, `"pwd":"`, 1), ErrDataInvalid, "pwd"},
		"no sha-256":                    {strings.Replace(good, "sha-256", "sha-1", 1), ErrDataInvalid, "sha-1"},
		"an active client":              {strings.Replace(good, "passive", "active", 1), ErrDataInvalid, "active"},
		"FID of audio and video":        {testPayload(1, 1, 3).Marshal(), ErrDataInvalid, ""},
		"the audio SSRC of another":     {testPayload(11, 2, 3).Marshal(), ErrSSRCDuplicate, "SSRC 11 is in use in chat 9"},
		"the video SSRC of another":     {testPayload(1, 12, 3).Marshal(), ErrSSRCDuplicate, "12"},
		"the RTX SSRC of another":       {testPayload(1, 2, 13).Marshal(), ErrSSRCDuplicate, "13"},
		"an audio SSRC that is a video": {testPayload(12, 2, 3).Marshal(), ErrSSRCDuplicate, "12"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := quiet(t)
			other := joined(t, s, 9, testPayload(11, 12, 13))
			for _, chat := range []int64{7, 9} {
				answer, err := s.Join(chat, c.payload)
				if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || answer != "" {
					t.Errorf("chat %d: got %q, %v; expected %v with %q", chat, answer, err, c.want, c.text)
				}
			}
			if s.Endpoint(7) != nil || s.Endpoint(9) != other || other.Err() != nil {
				t.Error("a refused join left traces")
			}
		})
	}
}

func TestJoinTolerates(t *testing.T) {
	good := testPayload(1, 2, 3).Marshal()
	for name, payload := range map[string]string{
		"extra keys":              strings.Replace(good, "{", `{"payload-types":[],"x":{"y":null},`, 1),
		"a negative ssrc":         testPayload(0xffffffff, 2, 3).Marshal(),
		"no groups":               jsonparams.JoinPayload{SSRC: 1, Ufrag: "abcd", Pwd: testPayload(1, 2, 3).Pwd, Fingerprints: testPayload(1, 2, 3).Fingerprints}.Marshal(),
		"an empty list of groups": strings.Replace(good, `[{"semantics":"FID","sources":[2,3]}]`, "[]", 1),
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := quiet(t)
			_, err := s.Join(1, payload)
			must(t, err)
		})
	}
}

func TestJoinHookDecides(t *testing.T) {
	var s *Server
	var asked []int64
	refuse := errors.New("not now")
	s, _ = quiet(t, WithJoinHook(func(chatID int64, payload string) error {
		asked = append(asked, chatID)
		if s.Endpoint(chatID) != nil || !strings.Contains(payload, `"ssrc":1`) {
			t.Errorf("the hook sees endpoint %v and payload %q", s.Endpoint(chatID), payload)
		}
		if len(asked) == 1 {
			return refuse
		}
		return nil
	}))
	if _, err := s.Join(5, testPayload(1, 2, 3).Marshal()); !errors.Is(err, refuse) || s.Endpoint(5) != nil {
		t.Errorf("got %v, endpoint %v", err, s.Endpoint(5))
	}
	joined(t, s, 5, testPayload(1, 2, 3))
	if !slices.Equal(asked, []int64{5, 5}) {
		t.Errorf("asked for %v", asked)
	}
}

func TestRejoinReplacesTheEndpoint(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		_, e1 := w.join(1, peerOptions{})
		p2, e2 := w.join(1, peerOptions{})
		<-e1.Done()
		if !errors.Is(e1.Err(), ErrReplaced) || e1.Phase() != PhaseEnded || w.server.Endpoint(1) != e2 {
			t.Errorf("the first ended with %v in phase %s", e1.Err(), e1.Phase())
		}
		p2.play(10, nil)
		settle()
		if n := e2.Stats(e2.AudioSSRC()).Packets; n != 10 {
			t.Errorf("%d packets after the rejoin", n)
		}
	})
}

func TestLeaveAndCheck(t *testing.T) {
	s, _ := quiet(t)
	e := joined(t, s, 1, testPayload(0xfffffff0, 2, 3))
	joined(t, s, 2, testPayload(4, 5, 6))
	sources := []int32{-16, 2, 4, 99}
	if got := s.Check(1, sources); !slices.Equal(got, []int32{-16}) {
		t.Errorf("known: %v", got)
	}
	for _, c := range []struct {
		chat   int64
		source int32
	}{{1, 4}, {1, 2}, {2, -16}, {3, -16}} {
		if err := s.Leave(c.chat, c.source); !errors.Is(err, ErrJoinMissing) {
			t.Errorf("Leave(%d, %d): %v", c.chat, c.source, err)
		}
	}
	must(t, s.Leave(1, -16))
	<-e.Done()
	if !errors.Is(e.Err(), ErrLeft) {
		t.Errorf("ended with %v", e.Err())
	}
	if err := s.Leave(1, -16); !errors.Is(err, ErrJoinMissing) {
		t.Errorf("leaving twice: %v", err)
	}
	if got := s.Check(1, sources); len(got) != 0 {
		t.Errorf("known after leaving: %v", got)
	}
	joined(t, s, 1, testPayload(0xfffffff0, 2, 3)) // its SSRCs are free again
}

func TestEndpointThatNeverConnectsIsForgotten(t *testing.T) {
	for name, c := range map[string]struct {
		opts []Option
		want time.Duration
	}{
		"after 20 s":              {nil, 20 * time.Second},
		"after the option's time": {[]Option{WithJoinTimeout(3 * time.Second)}, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, w *world) {
				start := time.Now()
				e := joined(t, w.server, 1, testPayload(1, 2, 3))
				<-e.Done()
				if took := time.Since(start); took != c.want || !errors.Is(e.Err(), ErrNeverConnected) {
					t.Errorf("ended after %v with %v", took, e.Err())
				}
				if got := w.server.Check(1, []int32{1}); len(got) != 0 {
					t.Errorf("still known: %v", got)
				}
				if err := e.WaitConnected(t.Context()); !errors.Is(err, ErrNeverConnected) {
					t.Errorf("waiting for it: %v", err)
				}
			}, c.opts...)
		})
	}
}

func TestConnectedEndpointIsNotForgotten(t *testing.T) {
	inFakeTime(t, func(t *testing.T, w *world) {
		_, e := w.join(1, peerOptions{})
		time.Sleep(time.Hour)
		if e.Phase() != PhaseConnected || e.Err() != nil {
			t.Errorf("phase %s, %v", e.Phase(), e.Err())
		}
	})
}

func TestJoinDuringClose(t *testing.T) {
	s, err := NewServer()
	must(t, err)
	var joins sync.WaitGroup
	for i := range uint32(50) {
		joins.Go(func() { _, _ = s.Join(int64(i%5), testPayload(3*i+1, 3*i+2, 3*i+3).Marshal()) })
	}
	must(t, s.Close())
	joins.Wait()
	for chat := range int64(5) {
		if e := s.Endpoint(chat); e != nil {
			<-e.Done()
		}
	}
	if _, err := s.Join(1, testPayload(1, 2, 3).Marshal()); !errors.Is(err, ErrServerClosed) {
		t.Errorf("Join after Close: %v", err)
	}
	if err := s.Leave(1, 1); !errors.Is(err, ErrServerClosed) {
		t.Errorf("Leave after Close: %v", err)
	}
	if err := s.SetOffline(false); !errors.Is(err, ErrServerClosed) {
		t.Errorf("SetOffline after Close: %v", err)
	}
	if got := s.Check(1, []int32{1}); len(got) != 0 {
		t.Errorf("Check after Close: %v", got)
	}
	must(t, s.Close())
}
