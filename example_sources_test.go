package gotgcall_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"gotgcall"
)

// Tracks follow each other without a gap, also after what goes wrong.
func ExampleNewPlaylist() {
	client, err := gotgcall.New(gotgcall.WithLoopback()) // WithLoopback only because this Telegram is on our own machine
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	list := gotgcall.NewPlaylist(gotgcall.FromFile("testdata/song.ogg"), gotgcall.FromFile("no such song.mp3"))
	list.Append(gotgcall.FromFile("testdata/pages1s.ogg"))

	client.OnTrackStart(func(_ int64, t gotgcall.PlaylistTrack) {
		fmt.Println("track", t.ID, "begins")
		if t.ID == 0 {
			_ = list.Next() // somebody skips it
		}
	})
	client.OnTrackEnd(func(_ int64, t gotgcall.PlaylistTrack, err error) {
		switch {
		case errors.Is(err, gotgcall.ErrSkipped):
			fmt.Println("track", t.ID, "was skipped")
		case err != nil:
			fmt.Println("track", t.ID, "cannot be played")
		default:
			fmt.Println("track", t.ID, "is over")
		}
	})
	over := make(chan error, 1)
	client.OnStreamEnd(func(_ int64, _ gotgcall.StreamType, _ gotgcall.Device, err error) { over <- err })

	if err := client.Play(context.Background(), 48, list, signaler{}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("the list ended with", <-over)
	// Output:
	// track 0 begins
	// track 0 was skipped
	// track 1 cannot be played
	// track 2 begins
	// track 2 is over
	// the list ended with <nil>
}

// One station, two chats, one decoder and one encoder.
func ExampleShared() {
	client, err := gotgcall.New(gotgcall.WithLoopback())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	station := gotgcall.Shared(gotgcall.FromFile("testdata/song.mp3")) // or FromURL
	for _, chatID := range []int64{49, 50} {
		fmt.Println(client.Play(context.Background(), chatID, station, signaler{}))
	}
	fmt.Println(errors.Is(client.SeekBy(49, 1000), gotgcall.ErrSeekUnsupported)) // it is everybody's
	// Output:
	// <nil>
	// <nil>
	// true
}

// Packets of an engine that speaks Opus, as they come.
func Example_voice() {
	client, err := gotgcall.New(gotgcall.WithLoopback(), gotgcall.WithoutFFmpeg())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	over := make(chan error, 1)
	client.OnStreamEnd(func(_ int64, _ gotgcall.StreamType, _ gotgcall.Device, err error) { over <- err })

	voice := gotgcall.FromOpus()
	if err := client.Play(context.Background(), 51, voice, signaler{}); err != nil {
		log.Fatal(err)
	}
	packet := []byte{0xf8, 0xff, 0xfe} // 20 ms
	for range 10 {
		if _, err := voice.Write(packet); err != nil {
			log.Fatal(err)
		}
	}
	voice.End() // a voice that goes on speaking leaves this out
	fmt.Println("it ended with", <-over)
	// Output: it ended with <nil>
}

func ExampleClient_Probe() {
	client, err := gotgcall.New()
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	info, err := client.Probe(context.Background(), gotgcall.FromFile("testdata/song.mp3"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Title, info.Duration.Round(time.Second), info.Container)
	// Output: A Short Piece 20s mp3
}

// A livestream has no joining: the URL and the key of phone.getGroupCallStreamRtmpUrl are all it takes.
func ExampleClient_StartRTMP() {
	client, err := gotgcall.New()
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	const chatID, url, key = 52, "rtmp://localhost:9/s/", "1234:secret"
	fmt.Println(client.StartRTMP(chatID, url)) // the key is missing
	fmt.Println(client.StartRTMP(chatID, url+key))
	fmt.Println(client.SetStreamSources(chatID, gotgcall.FromFile("testdata/song.mp3"))) // it plays as soon as a server takes it
	fmt.Println(client.Stop(chatID))
	// Output:
	// gotgcall: invalid parameters: the RTMP URL ends with the name of its application: append the stream key, which phone.getGroupCallStreamRtmpUrl gives beside the URL
	// <nil>
	// <nil>
	// <nil>
}
