package media_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"gotgcall/media"
)

// Whatever can be read can be played, here a file that is already open. It is closed with the stream.
func ExampleFromReader() {
	file, err := os.Open("../testdata/song.ogg")
	if err != nil {
		fmt.Println(err)
		return
	}
	streams, err := media.FromReader(file).Open(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer streams.Close()
	opening := make([]byte, 4)
	_, err = io.ReadFull(streams.Audio, opening)
	fmt.Printf("%s %v\n", opening, err)
	// Output: OggS <nil>
}

// Samples are pushed through a pipe: closing its writing end is the end of the sound.
func ExampleFromPCM() {
	r, w := io.Pipe()
	go func() {
		_, err := w.Write(make([]byte, 2*16000)) // a second
		w.CloseWithError(err)
	}()
	streams, err := media.FromPCM(r, 16000, 1).Open(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer streams.Close()
	_, err = io.Copy(io.Discard, streams.Audio)
	fmt.Println(err)
	// Output: <nil>
}

// An agent speaks, is interrupted, and says something else.
func ExampleFromOpus() {
	voice := media.FromOpus()
	packet := []byte{0xf8, 0xff, 0xfe} // 20 ms
	for range 5 {
		if _, err := voice.Write(packet); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(voice.Buffered())
	voice.Clear()
	fmt.Println(voice.Buffered())
	voice.End()
	// Output:
	// 100ms
	// 0s
}

// How long something lasts and what is in it, without playing it.
func ExampleProbe() {
	info, err := media.Probe(context.Background(), media.FromFile("../testdata/song.mp3"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(info.Title, info.Duration.Round(time.Second), info.Has(media.TrackVideo))
	// Output: A Short Piece 20s false
}

// The sound from one command, the picture from another.
func ExampleFromShells() {
	source := media.FromShells("ffmpeg -i song.mp3", "ffmpeg -loop 1 -i cover.png -t 180")
	fmt.Println(source.Tracks())
	// Output: audio+video
}
