package gotgcall_test

import (
	"context"
	"fmt"
	"log"
	"net/url"

	"gotgcall"
)

// What a bot answers to somebody who hears nothing.
func ExampleClient_Diagnose() {
	const chatID = 53
	client := playing(chatID)
	defer client.Close()
	if _, err := client.Pause(chatID); err != nil {
		log.Fatal(err)
	}
	d, err := client.Diagnose(chatID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("audible:", d.Audible)
	fmt.Println(d.Findings[0].Code == gotgcall.FindPaused, d.Findings[0].Text)
	// Output:
	// audible: false
	// true the call is paused: Resume it
}

// Figures for a log, or for a page that shows how the calls are.
func ExampleClient_Stats() {
	const chatID = 54
	client := playing(chatID)
	defer client.Close()
	stats, err := client.Stats(chatID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(stats.State, "plays", stats.Source)
	fmt.Println("lost on the way:", stats.Audio.Remote.Lost)
	// Output:
	// connected plays FromFile("testdata/song.ogg")
	// lost on the way: 0
}

// A call that was joined by CreateCall and Connect is joined again by the program; Play does that by itself.
func ExampleClient_OnRejoinNeeded() {
	client, err := gotgcall.New(gotgcall.WithLoopback(), gotgcall.WithoutFFmpeg())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	const chatID = 55
	connect := func(params string, err error) {
		if err != nil {
			log.Fatal(err)
		}
		answer, err := join(chatID, params) // your phone.joinGroupCall
		if err != nil {
			log.Fatal(err)
		}
		if err := client.Connect(chatID, answer); err != nil {
			log.Fatal(err)
		}
	}
	again := make(chan struct{})
	client.OnRejoinNeeded(func(chatID int64) {
		connect(client.Rejoin(chatID))
		close(again)
	})
	connect(client.CreateCall(chatID))
	if err := client.SetStreamSources(chatID, gotgcall.FromFile("testdata/song.ogg")); err != nil {
		log.Fatal(err)
	}
	listener := telegram.Endpoint(chatID)
	if err := listener.WaitPackets(context.Background(), listener.AudioSSRC(), 10); err != nil {
		log.Fatal(err)
	}
	listener.CloseNotify() // the server hangs up
	<-again
	stats, err := client.Stats(chatID)
	fmt.Println(stats.State, "plays", stats.Source, err)
	// Output: connected plays FromFile("testdata/song.ogg") <nil>
}

// A bot for everybody.
func ExampleWithURLPolicy() {
	client, err := gotgcall.New(gotgcall.WithMaxProcesses(50), gotgcall.WithURLPolicy(func(u *url.URL) error {
		if u.Scheme != "https" {
			return fmt.Errorf("%s is not played here, only https", u.Scheme)
		}
		return gotgcall.PublicHosts(u)
	}))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	const chatID = 56
	if _, err := client.CreateCall(chatID); err != nil {
		log.Fatal(err)
	}
	fmt.Println(client.SetStreamSources(chatID, gotgcall.FromURL("http://example.com/song.mp3")))
	fmt.Println(client.SetStreamSources(chatID, gotgcall.FromURL("https://169.254.169.254/latest/meta-data")))
	// Output:
	// source of chat 56: gotgcall: invalid parameters: FromURL("http://example.com/song.mp3") is refused by the URL policy: http is not played here, only https
	// source of chat 56: gotgcall: invalid parameters: FromURL("https://169.254.169.254/latest/meta-data") is refused by the URL policy: the host "169.254.169.254" has the address 169.254.169.254, which is link-local (169.254.0.0/16): PublicHosts allows public addresses only
}

func ExamplePublicHosts() {
	for _, address := range []string{"http://8.8.8.8/", "http://127.1/", "http://192.168.0.1/", "http://router/"} {
		u, err := url.Parse(address)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(gotgcall.PublicHosts(u))
	}
	// Output:
	// <nil>
	// the host "127.1" is a number in an unusual spelling: write an IPv4 address as four decimal numbers: PublicHosts allows hosts of the public internet only
	// the host "192.168.0.1" has the address 192.168.0.1, which is private (192.168.0.0/16): PublicHosts allows public addresses only
	// the host "router" has no dot, as names of local networks have none: PublicHosts allows hosts of the public internet only
}
