package gotgcall_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"gotgcall"
)

// playing returns a Client that plays a song of 5 seconds in a chat.
func playing(chatID int64, opts ...gotgcall.Option) *gotgcall.Client {
	client, err := gotgcall.New(append(opts, gotgcall.WithLoopback())...) // WithLoopback only because this Telegram is on our own machine
	if err != nil {
		log.Fatal(err)
	}
	if err := client.Play(context.Background(), chatID, gotgcall.FromFile("testdata/song.ogg"), signaler{}); err != nil {
		log.Fatal(err)
	}
	return client
}

func ExampleClient_Pause() {
	const chatID = 44
	client := playing(chatID)
	defer client.Close()
	fmt.Println(client.Pause(chatID))
	fmt.Println(client.Pause(chatID)) // it was paused already
	fmt.Println(client.Mute(chatID))
	state, err := client.GetState(chatID)
	fmt.Println("paused:", state.Paused, "muted:", state.Muted, err)
	fmt.Println(client.Resume(chatID)) // still muted: each flag means only itself
	// Output:
	// true <nil>
	// false <nil>
	// true <nil>
	// paused: true muted: true <nil>
	// true <nil>
}

func ExampleClient_SeekBy() {
	const chatID = 45
	client := playing(chatID)
	defer client.Close()
	over := make(chan error, 1)
	client.OnStreamEnd(func(_ int64, _ gotgcall.StreamType, _ gotgcall.Device, err error) { over <- err })

	fmt.Println(client.SeekBy(chatID, 3_000)) // milliseconds; negative ones go back
	ms, err := client.Time(chatID)
	fmt.Println("beyond 2 s:", ms > 2_000, err) // to a packet
	fmt.Println(client.SeekBy(chatID, 60_000))  // beyond the end
	fmt.Println("it ended with", <-over)
	// Output:
	// <nil>
	// beyond 2 s: true <nil>
	// <nil>
	// it ended with <nil>
}

func ExampleClient_SetVolume() {
	const chatID = 46
	client := playing(chatID)
	defer client.Close()
	fmt.Println(client.SetVolume(chatID, 0.5))
	fmt.Println(client.SetSpeed(chatID, 1.25))
	fmt.Println(client.SetVolume(chatID, 50)) // a factor, no percentage
	// Output:
	// <nil>
	// <nil>
	// gotgcall: invalid parameters: the volume is 50: give 0.01 to 4; 1 is the source's own, and Mute is silence
}

func ExampleClient_OnConnectionChange() {
	client, err := gotgcall.New(gotgcall.WithLoopback())
	if err != nil {
		log.Fatal(err)
	}
	closed := make(chan struct{})
	client.OnConnectionChange(func(_ int64, info gotgcall.NetworkInfo) {
		fmt.Println(info.State)
		if info.State == gotgcall.Closed {
			close(closed)
		}
	})
	const chatID = 47
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := client.Play(ctx, chatID, gotgcall.FromFile("testdata/song.ogg"), signaler{}); err != nil {
		log.Fatal(err)
	}
	if err := client.Leave(ctx, chatID); err != nil {
		log.Fatal(err)
	}
	<-closed
	fmt.Println(client.Close())
	// Output:
	// connecting
	// connected
	// closed
	// <nil>
}
