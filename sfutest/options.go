package sfutest

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/pion/transport/v4"

	"gotgcall/models"
)

// Option changes how a Server behaves. [NewServer] checks all of them.
type Option func(*config) error

// config is what the options make. It does not change after NewServer.
type config struct {
	net         transport.Net
	listen      []netip.AddrPort
	joinTimeout time.Duration
	joinHook    func(chatID int64, payload string) error
	answer      []AnswerFunc
	answerText  func(string) string

	iceMode        ICEMode
	slowStart      time.Duration
	consentMin     time.Duration
	consentMax     time.Duration
	consentTimeout time.Duration

	srtp               SRTPProfiles
	hashes             []string
	wrongHashes        []string
	foreignCertificate bool
	dtlsStall          int

	network networkConfig

	reports     time.Duration
	feedback    time.Duration
	pliOnStart  bool
	nack        bool
	randomPLI   time.Duration
	pretendLoss float64
	seed        uint64

	recordLimit    int
	recordLimitSet bool
	sink           bool
	tolerances     Tolerances
}

const (
	defaultJoinTimeout    = 20 * time.Second // docs/WIRE.md §9
	defaultConsentLeast   = 5 * time.Second  // docs/WIRE.md §9
	defaultConsentMost    = 15 * time.Second
	defaultConsentTimeout = 30 * time.Second // RFC 7675 §5.1
	defaultReports        = time.Second
	defaultFeedback       = 100 * time.Millisecond
	defaultRecordLimit    = 100_000 // packets of one SSRC: 33 minutes of 20 ms
	neverStall            = -1
)

func newConfig(opts []Option) (*config, error) {
	c := &config{
		joinTimeout: defaultJoinTimeout,
		consentMin:  defaultConsentLeast, consentMax: defaultConsentMost, consentTimeout: defaultConsentTimeout,
		hashes: []string{"sha-256"}, dtlsStall: neverStall,
		reports: defaultReports, feedback: defaultFeedback, pliOnStart: true, nack: true,
		recordLimit: defaultRecordLimit,
	}
	for _, o := range opts {
		if err := o(c); err != nil {
			return nil, err
		}
	}
	if len(c.listen) == 0 {
		c.listen = []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)}
	}
	if c.sink && !c.recordLimitSet {
		c.recordLimit = 0
	}
	c.tolerances.fill()
	oneWay := c.network.delay + c.network.reorderDelay
	c.tolerances.ReportGap += oneWay
	c.tolerances.KeyFrame += 2 * oneWay
	c.tolerances.Padding += oneWay
	return c, nil
}

// WithNet makes the server use this network, for instance a pion vnet.Net; default: the system's. Over a vnet the whole server works
// inside testing/synctest.
func WithNet(n transport.Net) Option {
	return func(c *config) error {
		c.net = n
		return nil
	}
}

// WithListenAddr sets the local addresses, each "ip:port"; port 0 means that the system chooses one. Default: 127.0.0.1:0. The answer
// has a candidate for each of them, IPv6 first. Unspecified addresses such as 0.0.0.0 are refused: clients could not send to them.
func WithListenAddr(addrs ...string) Option {
	return func(c *config) error {
		for _, a := range addrs {
			ap, err := netip.ParseAddrPort(a)
			if err != nil {
				return fmt.Errorf("%w: listen address %q, expected ip:port: %w", models.ErrInvalidParams, a, err)
			}
			c.listen = append(c.listen, ap)
		}
		return nil
	}
}

// WithJoinTimeout sets how long after Join an endpoint may take to connect before it is forgotten. It defaults to 20 seconds.
func WithJoinTimeout(d time.Duration) Option {
	return positive("join timeout", d, func(c *config) { c.joinTimeout = d })
}

// WithJoinHook has f asked at every Join, after the payload was found good; an error refuses the join. f may wait, as an administrator's
// approval does, and may call the server. It answers, for instance, [ErrSSRCDuplicate] to a first join and nil to the second.
func WithJoinHook(f func(chatID int64, payload string) error) Option {
	return func(c *config) error {
		c.joinHook = f
		return nil
	}
}

// WithRecordLimit sets how many packets of one SSRC are kept, the latest; default 100,000, and 0 in sink mode. 0 keeps none: Stats and
// Violations work as ever, Packets and WriteOgg find nothing.
func WithRecordLimit(packets int) Option {
	return func(c *config) error {
		if packets < 0 {
			return fmt.Errorf("%w: record limit %d, expected 0 or more packets", models.ErrInvalidParams, packets)
		}
		c.recordLimit, c.recordLimitSet = packets, true
		return nil
	}
}

// WithSink makes the server look at the clear RTP headers only: nothing is decrypted or kept, Sender Reports are seen but not read. For
// load: a packet then costs less than half. Checks that need the payload or the reports' contents do not happen.
func WithSink() Option {
	return func(c *config) error {
		c.sink = true
		return nil
	}
}

// positive is an option that refuses durations of 0 and less.
func positive(name string, d time.Duration, set func(*config)) Option {
	return func(c *config) error {
		if d <= 0 {
			return fmt.Errorf("%w: %s %v, expected more than 0", models.ErrInvalidParams, name, d)
		}
		set(c)
		return nil
	}
}

// notNegative is an option that refuses durations below 0.
func notNegative(name string, d time.Duration, set func(*config)) Option {
	return func(c *config) error {
		if d < 0 {
			return fmt.Errorf("%w: %s %v, expected 0 or more", models.ErrInvalidParams, name, d)
		}
		set(c)
		return nil
	}
}

// probability is an option that refuses what is not one.
func probability(name string, p float64, set func(*config)) Option {
	return func(c *config) error {
		if !(p >= 0 && p <= 1) {
			return fmt.Errorf("%w: %s %v, expected a probability from 0 to 1", models.ErrInvalidParams, name, p)
		}
		set(c)
		return nil
	}
}
