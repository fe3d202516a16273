package lab

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
)

// wire is a network cable between the hosts, with an address at either end: a pair of veth devices. Each call has its own, so that what happens to
// one does not happen to the others.
type wire struct {
	t                 *testing.T
	bot, server       netip.Addr
	botDev, serverDev string
}

// newWire lays a wire, which is there until the test ends.
func newWire(t *testing.T) *wire {
	t.Helper()
	n := lab.names.Add(1)
	w := &wire{
		t: t, bot: address(n, 1), server: address(n, 2),
		botDev: fmt.Sprintf("bot%d", n), serverDev: fmt.Sprintf("server%d", n),
	}
	far := fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), lab.server.ns.Fd())
	w.ip(lab.bot, fmt.Sprintf("link add %s type veth peer name %s netns %s", w.botDev, w.serverDev, far))
	t.Cleanup(func() { w.ip(lab.bot, "link del "+w.botDev) }) // the other end goes with it
	w.ip(lab.server, fmt.Sprintf("addr add %s/24 dev %s", w.server, w.serverDev), fmt.Sprintf("link set %s up", w.serverDev))
	w.ip(lab.bot, fmt.Sprintf("addr add %s/24 dev %s", w.bot, w.botDev), fmt.Sprintf("link set %s up", w.botDev))
	return w
}

// address returns an address of the n-th wire, of the range for tests of networks (RFC 2544).
func address(n uint32, end byte) netip.Addr { return netip.AddrFrom4([4]byte{198, 18, byte(n), end}) }

// ip runs commands of ip(8) on a host.
func (w *wire) ip(h *host, commands ...string) {
	w.t.Helper()
	for _, c := range commands {
		w.run(h, "ip "+c)
	}
}

func (w *wire) run(h *host, command string) {
	w.t.Helper()
	words := strings.Fields(command)
	if _, err := h.run("", words[0], words[1:]...); err != nil {
		w.t.Fatal(err)
	}
}

// fault is something that is wrong with a wire until it is lifted; the end of the test lifts it as well.
type fault struct {
	rules []*rule
	lift  func()
}

// rules puts the same statement on the arriving side of both hosts, or of one: %s in it stands for the device.
func (w *wire) rules(statement string, hosts ...*host) *fault {
	w.t.Helper()
	f := &fault{}
	f.lift = sync.OnceFunc(func() {
		for _, r := range f.rules {
			must(w.t, r.lift())
		}
	})
	w.t.Cleanup(f.lift)
	for _, h := range hosts {
		dev := w.botDev
		if h == lab.server {
			dev = w.serverDev
		}
		r, err := h.filter("input", fmt.Sprintf(statement, dev))
		must(w.t, err)
		f.rules = append(f.rules, r)
	}
	return f
}

// blackout loses everything in both directions.
func (w *wire) blackout() *fault {
	w.t.Helper()
	return w.rules("iifname %q counter drop", lab.bot, lab.server)
}

// lose loses so many of a hundred datagrams, at random, in both directions.
func (w *wire) lose(percent int) *fault {
	w.t.Helper()
	return w.rules(fmt.Sprintf("iifname %%q numgen random mod 100 < %d counter drop", percent), lab.bot, lab.server)
}

// refuse has the bot's host refuse to send: EPERM.
func (w *wire) refuse() *fault {
	w.t.Helper()
	r, err := lab.bot.filter("output", fmt.Sprintf("oifname %q counter drop", w.botDev))
	must(w.t, err)
	f := &fault{rules: []*rule{r}, lift: sync.OnceFunc(func() { must(w.t, r.lift()) })}
	w.t.Cleanup(f.lift)
	return f
}

// unroute takes the bot's route to the server away: ENETUNREACH.
func (w *wire) unroute() *fault {
	w.t.Helper()
	route := fmt.Sprintf("%s/24 dev %s src %s", netip.PrefixFrom(w.bot, 24).Masked().Addr(), w.botDev, w.bot)
	w.ip(lab.bot, "route del "+route)
	return &fault{lift: func() { w.ip(lab.bot, "route add "+route) }}
}

// limit lets through so much in each direction, with a queue of 200 ms in front; what does not fit is lost.
func (w *wire) limit(rate string) {
	w.t.Helper()
	for h, dev := range map[*host]string{lab.bot: w.botDev, lab.server: w.serverDev} {
		w.run(h, fmt.Sprintf("tc qdisc add dev %s root tbf rate %s burst 16kb latency 200ms", dev, rate))
	}
}

// clog lets next to nothing out of the bot's host, behind a queue of hours: what is sent stays in it, until the socket's buffer is full.
func (w *wire) clog() {
	w.t.Helper()
	w.run(lab.bot, fmt.Sprintf("tc qdisc add dev %s root tbf rate 8kbit burst 2kb limit 10mb", w.botDev))
}

// renumber gives the bot's host another address instead of the one it has.
func (w *wire) renumber(to netip.Addr) {
	w.t.Helper()
	w.ip(lab.bot, fmt.Sprintf("addr del %s/24 dev %s", w.bot, w.botDev), fmt.Sprintf("addr add %s/24 dev %s", to, w.botDev))
	w.bot = to
}

// counts returns how many datagrams each of the fault's rules has met.
func (f *fault) counts(t *testing.T) (met []int) {
	t.Helper()
	for _, r := range f.rules {
		n, err := r.packets()
		must(t, err)
		met = append(met, n)
	}
	return met
}
