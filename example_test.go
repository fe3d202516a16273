package gotgcall_test

import (
	"errors"
	"fmt"
	"log"
	"os"

	"gotgcall"
	"gotgcall/sfutest"
)

// telegram stands for Telegram in the examples.
var telegram, _ = sfutest.NewServer()

// join stands for your MTProto client's phone.joinGroupCall: it returns the params of updateGroupCallConnection.
func join(chatID int64, params string) (answer string, err error) {
	return telegram.Join(chatID, params)
}

func Example() {
	const chatID = 42
	play := func() error {
		client, err := gotgcall.New(gotgcall.WithLoopback()) // WithLoopback only because this Telegram is on our own machine
		if err != nil {
			return err // ffmpeg is missing, or an option is out of range
		}
		defer client.Close()

		over := make(chan error)
		client.OnStreamEnd(func(chat int64, t gotgcall.StreamType, d gotgcall.Device, err error) {
			over <- err // nil: to its natural end
		})

		params, err := client.CreateCall(chatID) // what we offer
		if err != nil {
			return err
		}
		answer, err := join(chatID, params)
		if err != nil {
			return err
		}
		if err := client.Connect(chatID, answer); err != nil {
			return err
		}
		if err := client.SetStreamSources(chatID, gotgcall.FromFile("testdata/pages1s.ogg")); err != nil {
			return err
		}
		return <-over
	}
	fmt.Println("the song ended with", play())
	// Output: the song ended with <nil>
}

func ExampleClient_SetStreamSources() {
	client, err := gotgcall.New()
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	const chatID = 42
	_, err = client.CreateCall(chatID)
	if err != nil {
		log.Fatal(err)
	}
	// A source that cannot be played changes nothing: what plays goes on.
	err = client.SetStreamSources(chatID, gotgcall.FromFile("no such song.mp3"))
	fmt.Println(errors.Is(err, gotgcall.ErrFile))
	// Options given here win over the source's own. Before Connect the source waits for the connection.
	err = client.SetStreamSources(chatID, gotgcall.FromFile("testdata/song.ogg"), gotgcall.EncodeOptions{AudioBitrateKbps: 64})
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}

func ExampleClient_LeaveSource() {
	client, err := gotgcall.New(gotgcall.WithoutFFmpeg())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	const chatID = 42
	if _, err := client.CreateCall(chatID); err != nil {
		log.Fatal(err)
	}
	source, err := client.LeaveSource(chatID) // for phone.leaveGroupCall{source: …}
	fmt.Println(source > 0, err)
	fmt.Println(client.Stop(chatID))
	// Output:
	// true <nil>
	// <nil>
}

func ExampleNew() {
	_, err := gotgcall.New(gotgcall.WithFFmpegPath("/no/such/ffmpeg"))
	fmt.Println(errors.Is(err, gotgcall.ErrFFmpegSpawn), errors.Is(err, os.ErrNotExist))
	// Output: true true
}
