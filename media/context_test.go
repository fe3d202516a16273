package media

import (
	"context"
	"reflect"
	"testing"

	"gotgcall/internal/ffmpeg"
)

func TestContextOptionsWinOverTheSourcesOwn(t *testing.T) {
	ctx := WithOptions(t.Context(), EncodeOptions{AudioBitrateKbps: 64})
	got, err := effective(ctx, EncodeOptions{AudioBitrateKbps: 96, AudioChannels: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got.AudioBitrateKbps != 64 || got.AudioChannels != 1 || got.Tracks != TrackAudio {
		t.Errorf("got %+v", got)
	}
}

func TestOfNestedContextOptionsTheOuterWin(t *testing.T) {
	ctx := WithOptions(t.Context(), EncodeOptions{AudioBitrateKbps: 64})
	ctx = WithOptions(ctx, EncodeOptions{AudioBitrateKbps: 96, AudioChannels: 1})
	if got := OptionsFrom(ctx); !reflect.DeepEqual(got, EncodeOptions{AudioBitrateKbps: 64, AudioChannels: 1}) {
		t.Errorf("got %+v", got)
	}
}

func TestAContextWithoutOptionsHasNone(t *testing.T) {
	if got := OptionsFrom(context.Background()); !reflect.DeepEqual(got, EncodeOptions{}) {
		t.Errorf("got %+v", got)
	}
}

// wrapped is a user's Source around one of ours.
type wrapped struct{ inner Source }

func (w wrapped) Tracks() Track { return w.inner.Tracks() }

func (w wrapped) Open(ctx context.Context) (*Streams, error) {
	return w.inner.Open(WithOptions(ctx, EncodeOptions{AudioChannels: 1, AudioBitrateKbps: 48}))
}

func TestAWrappingSourceKeepsToolsAndOptions(t *testing.T) {
	argv := t.TempDir() + "/argv"
	r := ffmpeg.New(ffmpeg.Config{Path: stub(t, `printf '%s\n' "$@" >`+argv+`; printf OggS`)})
	defer r.Close()
	ctx := WithRunner(WithOptions(t.Context(), EncodeOptions{AudioBitrateKbps: 64}), r)
	streams := open(t, ctx, wrapped{FromFile(song)})
	b := make([]byte, 8)
	if n, err := streams.Audio.Read(b); err != nil || string(b[:n]) != "OggS" {
		t.Fatalf("read %q, %v: the runner in the context was not used", b[:n], err)
	}
	args := lines(readFile(t, argv))
	expectPair(t, args, "-b:a", "64k")
	expectPair(t, args, "-ac", "1")
}
