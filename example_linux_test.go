package gotgcall_test

import (
	"errors"
	"fmt"
	"log"
	"time"

	"gotgcall"
)

// Hostile media cost no more than this: each process that plays a source is ended at the first limit that it reaches.
func ExampleWithProcessLimits() {
	const chatID = 57
	client, err := gotgcall.New(gotgcall.WithProcessLimits(gotgcall.ProcessLimits{
		CPU:          time.Second, // of the whole song or film: minutes for what is long
		AddressSpace: 2 << 30,     // bytes
	}))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if _, err := client.CreateCall(chatID); err != nil {
		log.Fatal(err)
	}
	err = client.SetStreamSources(chatID, gotgcall.FromShell("sh -c 'while :; do :; done'", gotgcall.TrackAudio))
	fmt.Println(errors.Is(err, gotgcall.ErrFFmpegCrashed))
	// Output: true
}
