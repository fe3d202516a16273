package gotgcall_test

import (
	"context"
	"fmt"
	"log"

	"gotgcall"
)

// signaler stands for your MTProto client.
type signaler struct{}

// Join is your phone.joinGroupCall. It returns the params of updateGroupCallConnection, in the Updates of the response.
func (signaler) Join(_ context.Context, chatID int64, params string) (answer string, err error) {
	return telegram.Join(chatID, params) // if the account is banned: fmt.Errorf("%w: %w", gotgcall.ErrJoinRefused, err)
}

// Leave is your phone.leaveGroupCall.
func (signaler) Leave(_ context.Context, chatID int64, source int32) error {
	return telegram.Leave(chatID, source)
}

// Check is your phone.checkGroupCall. It may be missing.
func (signaler) Check(_ context.Context, chatID int64, sources []int32) (present []int32, err error) {
	return telegram.Check(chatID, sources), nil
}

func ExampleClient_Play() {
	client, err := gotgcall.New(gotgcall.WithLoopback()) // WithLoopback only because this Telegram is on our own machine
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	over := make(chan error)
	client.OnStreamEnd(func(_ int64, _ gotgcall.StreamType, _ gotgcall.Device, err error) { over <- err })

	ctx := context.Background()
	const chatID = 43
	if err := client.Play(ctx, chatID, gotgcall.FromFile("testdata/pages1s.ogg"), signaler{}); err != nil {
		log.Fatal(err) // the source, or the join, or the connection, after all its tries
	}
	fmt.Println("it plays")
	fmt.Println("it ended with", <-over)
	fmt.Println("left:", client.Leave(ctx, chatID))
	// Output:
	// it plays
	// it ended with <nil>
	// left: <nil>
}
