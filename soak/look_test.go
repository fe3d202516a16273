//go:build unix

package main

import (
	"testing"

	"gotgcall"
)

// TestAListWhoseNextTrackIsNotThereYetIsNotTakenForOver: the end of the song before it, told in the same round, would explain that.
func TestAListWhoseNextTrackIsNotThereYetIsNotTakenForOver(t *testing.T) {
	shelf, err := newShelf(t.TempDir(), "../testdata/song.mp3")
	if err != nil {
		t.Fatal(err)
	}
	list, err := shelf.list("1-1")
	if err != nil {
		t.Fatal(err)
	}
	client, err := gotgcall.New(gotgcall.WithoutFFmpeg())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.CreateCall(1); err != nil {
		t.Fatal(err)
	}
	if err := client.SetStreamSources(1, list.source); err != nil {
		t.Fatal(err)
	}
	w := &walker{ledger: ledger{playing: &song{name: "1-0", tracks: gotgcall.TrackAudio}, open: gotgcall.TrackAudio}}
	known := record{started: []*song{list}, ends: []end{{gotgcall.TrackAudio, nil}}}
	if _, explained := w.ledger.explain(known, view{}); !explained {
		t.Fatal("the end does not explain that nothing plays: the test is about nothing")
	}
	if !w.betweenTracks(known) {
		t.Error("the list is taken for over while it is played")
	}
	if err := client.Stop(1); err != nil {
		t.Fatal(err)
	}
	if w.betweenTracks(known) {
		t.Error("the list is waited for though it is not played any more")
	}
}
