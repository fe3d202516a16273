package sfutest_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"time"

	"gotgcall"
	"gotgcall/jsonparams"
	"gotgcall/sfutest"
)

// A bot's test: the bot joins the server as it joins Telegram, plays a song, and the test looks at what arrived.
func ExampleServer() {
	const chat = -1001234567890
	server, err := sfutest.NewServer()
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = server.Close() }()

	// This part is the bot: only server.Join stands where its MTProto client calls phone.joinGroupCall.
	client, err := gotgcall.New(gotgcall.WithLoopback())
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	payload, err := client.CreateCall(chat)
	if err != nil {
		log.Fatal(err)
	}
	answer, err := server.Join(chat, payload)
	if err != nil {
		log.Fatal(err)
	}
	if err := client.Connect(chat, answer); err != nil {
		log.Fatal(err)
	}
	if err := client.SetStreamSources(chat, gotgcall.FromFile("../testdata/song.mp3")); err != nil {
		log.Fatal(err)
	}

	// And this is the test.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	listener := server.Endpoint(chat)
	if err := listener.WaitPackets(ctx, listener.AudioSSRC(), 50); err != nil {
		log.Fatal(err)
	}
	first := listener.Records(listener.AudioSSRC())[0]
	fmt.Println("payload type", first.PayloadType, "begins a talk spurt:", first.Marker)
	fmt.Println("the song is saved:", listener.WriteOgg(io.Discard) == nil)
	fmt.Println("violations:", server.Violations())
	// Output:
	// payload type 111 begins a talk spurt: true
	// the song is saved: true
	// violations: []
}

// The answer of an administrator's livestream, into which nothing can be published.
func ExampleWithAnswer() {
	server, err := sfutest.NewServer(sfutest.WithAnswer(sfutest.StreamAnswer))
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	answer, err := server.Join(1, somePayload)
	fmt.Println(answer, err)
	// Output:
	// {"stream":true} <nil>
}

// The first join is refused, as happens when an SSRC is already taken in the call; a bot joins again with new ones.
func ExampleWithJoinHook() {
	joins := 0
	server, err := sfutest.NewServer(sfutest.WithJoinHook(func(int64, string) error {
		if joins++; joins == 1 {
			return sfutest.ErrSSRCDuplicate
		}
		return nil
	}))
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	_, err = server.Join(1, somePayload)
	fmt.Println(err)
	_, err = server.Join(1, somePayload)
	fmt.Println(err)
	// Output:
	// GROUPCALL_SSRC_DUPLICATE_MUCH
	// <nil>
}

// somePayload is what a client's CreateCall returns.
var somePayload = jsonparams.JoinPayload{
	SSRC: 1, Ufrag: "bot1", Pwd: "botsbotsbotsbotsbotsbots",
	Fingerprints: []jsonparams.Fingerprint{{
		Hash: "sha-256", Setup: "passive",
		Value: "9A:18:A4:DF:6A:11:EA:E5:BF:E3:8A:18:E7:69:3D:7B:42:D8:9D:32:2F:57:7B:3D:6E:09:6C:A7:45:D7:78:0D",
	}},
}.Marshal()

// A bot that plays by Play is given the server's Signaler instead of its own.
func ExampleServer_Signaler() {
	server, err := sfutest.NewServer()
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	client, err := gotgcall.New(gotgcall.WithLoopback())
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = client.Close() }()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	fmt.Println(client.Play(ctx, 1, gotgcall.FromFile("../testdata/song.ogg"), server.Signaler()))
	listener := server.Endpoint(1)
	fmt.Println(listener.WaitPackets(ctx, listener.AudioSSRC(), 50))

	listener.CloseNotify() // the server hangs up, and Play joins again
	for server.Endpoint(1) == listener {
		time.Sleep(10 * time.Millisecond)
	}
	listener = server.Endpoint(1)
	fmt.Println(listener.WaitPackets(ctx, listener.AudioSSRC(), 50))
	// Output:
	// <nil>
	// <nil>
	// <nil>
}
