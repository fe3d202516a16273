package gotgcall_test

import (
	"testing"

	"gotgcall"
)

func TestEachRejoinClosesTheSocketOfTheConnectionBefore(t *testing.T) {
	if !apart(t) {
		return
	}
	for _, options := range [][]gotgcall.Option{nil, {gotgcall.WithSharedUDPMux()}} {
		s := newStudio(t, options...)
		before := udpSockets(t)
		s.join(1)
		must(t, s.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3")))
		for range 3 {
			params, err := s.client.Rejoin(1)
			must(t, err)
			if n := udpSockets(t) - before; options == nil && n != 0 {
				t.Errorf("%d sockets are open after Rejoin", n)
			}
			answer, err := s.server.Join(1, params)
			must(t, err)
			must(t, s.client.Connect(1, answer))
			ep := s.server.Endpoint(1)
			must(t, ep.WaitPackets(t.Context(), ep.AudioSSRC(), 20))
			if n := udpSockets(t) - before; options == nil && n != 1 {
				t.Errorf("%d sockets are open after joining again, expected one", n)
			}
		}
		must(t, s.client.Stop(1))
	}
}
