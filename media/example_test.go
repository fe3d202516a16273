package media_test

import (
	"context"
	"fmt"
	"io"
	"os"

	"gotgcall/media"
	"gotgcall/models"
)

// opusFile is a source that needs no ffmpeg: a file that is Opus in Ogg already.
type opusFile string

func (opusFile) Tracks() media.Track { return media.TrackAudio }

func (f opusFile) Open(ctx context.Context) (*media.Streams, error) {
	file, err := os.Open(string(f))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", models.ErrFile, err)
	}
	// The context is the life of the stream.
	stop := context.AfterFunc(ctx, func() { file.Close() })
	return media.NewStreams(file, nil, func() error {
		if !stop() {
			return nil // closed already
		}
		return file.Close()
	}), nil
}

// A source of one's own brings Opus in Ogg from wherever it is.
func ExampleSource() {
	var source media.Source = opusFile("../testdata/song.ogg")
	streams, err := source.Open(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer streams.Close()

	magic := make([]byte, 4)
	if _, err := io.ReadFull(streams.Audio, magic); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%v: %s\n", source.Tracks(), magic)
	// Output: audio: OggS
}

// station plays whatever is on at the moment it is opened.
type station struct{ current func() string }

func (station) Tracks() media.Track { return media.TrackAudio }

func (s station) Open(ctx context.Context) (*media.Streams, error) {
	// ctx goes on as it is: with the Client's ffmpeg, its logger, and the options of SetStreamSources.
	return media.FromFile(s.current()).Open(ctx)
}

// A source may wrap another one. Settings travel in the context, so they are kept.
func ExampleSource_wrapping() {
	s := station{current: func() string { return "missing.mp3" }}
	_, err := s.Open(context.Background())
	fmt.Println(err)
	// Output: gotgcall: the source cannot be played: FromFile("missing.mp3"): check the path: no such file or directory
}

// Options that are not given have their defaults.
func ExampleFromFile() {
	source := media.FromFile("song.mp3", media.EncodeOptions{AudioBitrateKbps: 64, AudioChannels: 1})
	fmt.Println(source.Tracks())
	// Output: audio
}

// A URL that can be played from anywhere is a SeekableSource.
func ExampleFromURL() {
	for _, url := range []string{"https://example.com/song.mp3", "rtmp://example.com/live/stream"} {
		_, seekable := media.FromURL(url).(media.SeekableSource)
		fmt.Println(seekable)
	}
	// Output:
	// true
	// false
}

// A part of an ffmpeg command is enough.
func ExampleFromShell() {
	source := media.FromShell("ffmpeg -i '../testdata/song.mp3' -af volume=0.5 -t 1", media.TrackAudio)
	streams, err := source.Open(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer streams.Close()
	_, err = io.Copy(io.Discard, streams.Audio)
	fmt.Println(err)
	// Output: <nil>
}

// What cannot be sent is refused before anything is started.
func ExampleFromShell_rawSound() {
	_, err := media.FromShell("ffmpeg -i song.mp3 -f s16le pipe:1", media.TrackAudio).Open(context.Background())
	fmt.Println(err)
	// Output: gotgcall: invalid parameters: FromShell: the format "s16le" is raw sound, which has no frames to send: a call plays Opus in Ogg: leave -c:a and -f out, or give -c:a libopus -f ogg
}

// Other programs run as they are; a shell is a program too.
func ExampleFromShell_pipeline() {
	_ = media.FromShell(`sh -c 'yt-dlp -o - "$1" | ffmpeg -i - -c:a libopus -f ogg -page_duration 20000 -flush_packets 1 -' sh https://example.com/x`,
		media.TrackAudio)
}
