package gotgcall_test

import (
	"log/slog"
	"runtime"
	"sync"
	"testing"

	"gotgcall"
	"gotgcall/internal/leak"
	"gotgcall/sfutest"
)

func TestAThousandCallsToOneServerAddressAreConnected(t *testing.T) {
	const packets = 5
	calls := 1000
	if underRace {
		calls = 50
	}
	leak.Check(t)
	server, err := sfutest.NewServer(sfutest.WithTolerances(sfutest.Patient()), sfutest.WithSink(), sfutest.WithJoinTimeout(10*hang),
		sfutest.WithFeedback(0), sfutest.WithReports(0))
	must(t, err)
	defer server.Close()
	client, err := gotgcall.New(gotgcall.WithoutFFmpeg(), gotgcall.WithLoopback(), gotgcall.WithSharedUDPMux(),
		gotgcall.WithConnectTimeout(hang), gotgcall.WithLogger(slog.New(slog.DiscardHandler)))
	must(t, err)
	defer client.Close()
	var joining sync.WaitGroup
	chats := make(chan int64)
	for range 2 * runtime.GOMAXPROCS(0) {
		joining.Go(func() {
			for chat := range chats {
				if t.Failed() {
					continue // the others would wait for their deadlines, too
				}
				params, err := client.CreateCall(chat)
				if err == nil {
					params, err = server.Join(chat, params)
				}
				if err == nil {
					err = client.Connect(chat, params)
				}
				if err != nil {
					t.Errorf("chat %d: %v", chat, err)
				}
			}
		})
	}
	for chat := range int64(calls) {
		chats <- chat
	}
	close(chats)
	joining.Wait()
	for chat := range int64(calls) {
		if s, err := client.Stats(chat); err != nil || s.State != gotgcall.Connected {
			t.Fatalf("chat %d is %v, %v", chat, s.State, err)
		}
		must(t, client.SetStreamSources(chat, song{packets: packets, seed: byte(chat)}))
	}
	for chat := range int64(calls) {
		ep := server.Endpoint(chat)
		if err := ep.WaitPackets(t.Context(), ep.AudioSSRC(), packets); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range server.Violations() {
		t.Errorf("violation: %+v", v)
	}
}
