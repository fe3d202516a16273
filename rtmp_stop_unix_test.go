//go:build unix

package gotgcall_test

import (
	"net"
	"testing"
	"time"

	"gotgcall"
)

// muteServer is a server that takes connections and says nothing.
func muteServer(t *testing.T) (port int, asked <-chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	calls := make(chan struct{}, 16)
	go func() {
		var open []net.Conn
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			open = append(open, c)
			calls <- struct{}{}
		}
		for _, c := range open {
			c.Close()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port, calls
}

func TestABroadcastWithoutAServerEndsSoonAndQuietly(t *testing.T) {
	if !apart(t) {
		return
	}
	ends := map[string]struct {
		do    func(*gotgcall.Client) error
		limit time.Duration // and a second for a busy machine
	}{
		"Stop":  {func(c *gotgcall.Client) error { return c.Stop(1) }, 3 * time.Second},
		"Close": {(*gotgcall.Client).Close, 6 * time.Second},
	}
	for name, end := range ends {
		for where, begin := range map[string]func(t *testing.T, b *booth){
			"between two attempts": func(t *testing.T, b *booth) {
				must(t, b.client.StartRTMP(1, rtmpURL(freePort(t))))
				must(t, b.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3"), postcard))
				until(t, "refused three times", func() bool {
					stats, err := b.client.Stats(1)
					must(t, err)
					return stats.Push.Attempts == 3 && stats.Push.LastError != nil
				})
			},
			"in an attempt": func(t *testing.T, b *booth) {
				port, asked := muteServer(t)
				must(t, b.client.StartRTMP(1, rtmpURL(port)))
				must(t, b.client.SetStreamSources(1, gotgcall.FromFile("testdata/song.mp3"), postcard))
				<-asked
			},
		} {
			t.Run(name+" "+where, func(t *testing.T) {
				b := newBooth(t)
				begin(t, b)
				from := time.Now()
				must(t, end.do(b.client))
				if took := time.Since(from); took > end.limit {
					t.Errorf("it took %v", took)
				}
				b.state(gotgcall.Connecting)
				b.state(gotgcall.Closed)
				b.noEnds()
			})
		}
	}
}
