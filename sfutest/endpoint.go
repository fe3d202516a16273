package sfutest

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/srtp/v3"

	"gotgcall/jsonparams"
)

// Endpoint is the server's side of one join: a client's transport and what arrived through it. Its methods may be called concurrently,
// and go on to tell what was there after it ended.
type Endpoint struct {
	// Set at construction.
	srv          *Server
	cfg          *config
	chatID       int64
	joined       time.Time
	payload      jsonparams.JoinPayload
	ufrag, pwd   string
	videoID      string
	feedbackSSRC uint32 // the sender of the server's RTCP
	declared     map[uint32]Media
	ctx          context.Context
	cancel       context.CancelCauseFunc
	connected    chan struct{} // closed by secure
	done         chan struct{} // closed when run ends
	wake         chan struct{} // tells run that something may be due
	dtls         *dtlsPipe
	securing     sync.WaitGroup // secure
	violations   ledger

	left  atomic.Bool // by Leave
	paths []path      // guarded by srv.mu

	mu            sync.Mutex // guards what follows; never held together with srv.mu or while something is sent
	ice           *iceAgent
	phase         Phase
	polite        bool // the end is announced to the client
	conn          *dtls.Conn
	rx, tx        *srtp.Context
	early         []earlyDatagram
	streams       map[uint32]*stream
	counters      Counters
	transportSeq  *sequencer[struct{}]
	transportLog  *twcc.Recorder
	rng           *rand.Rand
	nacks         nackList
	asked         askedPackets
	silence       silence
	pliSent       bool
	blackoutUntil time.Time
	reportsDue    time.Time
	feedbackDue   time.Time
	pliDue        time.Time
	changed       chan struct{} // closed when a packet arrives; nil: nobody waits
}

// Phase is how far an endpoint has come.
type Phase uint8

// The phases, in the order in which they come.
const (
	PhaseJoined    Phase = iota // answered; nothing was heard from the client
	PhaseChecked                // an authentic connectivity check arrived
	PhaseNominated              // a pair is selected, the DTLS handshake is under way
	PhaseConnected              // media can flow
	PhaseEnded                  // Err tells why
)

// String returns the phase in one word.
func (p Phase) String() string {
	names := [...]string{"joined", "checked", "nominated", "connected", "ended"}
	if int(p) < len(names) {
		return names[p]
	}
	return "unknown"
}

const (
	credentialUfrag = 14 // characters, docs/WIRE.md §9
	credentialPwd   = 26
	endpointID      = 16
)

func newEndpoint(s *Server, chatID int64, p jsonparams.JoinPayload) *Endpoint {
	e := &Endpoint{
		srv: s, cfg: s.cfg, chatID: chatID, joined: time.Now(), payload: p,
		ufrag: randomText(credentialUfrag), pwd: randomText(credentialPwd), videoID: randomText(endpointID),
		feedbackSSRC: randomSSRC(), declared: declared(p),
		connected: make(chan struct{}), done: make(chan struct{}), wake: make(chan struct{}, 1),
		violations: ledger{parent: &s.violations, who: chatName(chatID)},
		streams:    map[uint32]*stream{}, transportSeq: sequencerOf[struct{}](s.cfg),
		rng: rand.New(rand.NewPCG(s.cfg.seed, uint64(chatID))), nacks: nackList{}, asked: newAskedPackets(), // repeatable on purpose
	}
	e.transportLog = twcc.NewRecorder(e.feedbackSSRC)
	e.ctx, e.cancel = context.WithCancelCause(s.ctx)
	e.ice = newICEAgent(s.cfg, e.rng, e.ufrag, e.pwd, p.Ufrag, p.Pwd)
	e.dtls = newDTLSPipe(e)
	return e
}

// run is the endpoint's life: it does what is due until the endpoint ends.
func (e *Endpoint) run() {
	defer e.srv.wg.Done()
	defer close(e.done)
	e.loop()
	e.tearDown()
}

func (e *Endpoint) loop() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-e.ctx.Done():
			return
		case <-e.wake:
		case <-timer.C:
		}
		if next := e.step(time.Now()); next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(next))
		}
	}
}

// poke makes run look what is due.
func (e *Endpoint) poke() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// step does what is due and returns when something will be due again; the zero time is never.
func (e *Endpoint) step(now time.Time) time.Time {
	e.mu.Lock()
	out, next, lost := e.ice.tick(now)
	begin := e.phase < PhaseNominated && e.ice.selected != nil
	if begin {
		e.phase = PhaseNominated
	}
	if e.phase == PhaseConnected {
		feedback, due := e.feedbackLocked(now)
		out, next = append(out, feedback...), earliest(next, due)
	}
	expired := false
	if e.phase < PhaseConnected {
		limit := e.joined.Add(e.cfg.joinTimeout)
		expired, next = !now.Before(limit), earliest(next, limit)
	}
	e.mu.Unlock()

	if begin {
		e.securing.Go(e.secure)
	}
	e.flush(out)
	switch {
	case lost:
		e.end(ErrConsentLost)
	case expired:
		e.end(ErrNeverConnected)
	}
	return next
}

// flush sends datagrams; it must be called without the lock.
func (e *Endpoint) flush(out []outgoing) {
	if len(out) == 0 {
		return
	}
	e.mu.Lock()
	dark := time.Now().Before(e.blackoutUntil)
	e.mu.Unlock()
	if dark {
		return
	}
	for _, o := range out {
		e.srv.impair.out(o)
	}
}

// end makes the endpoint end for a reason; the first one counts. It does not wait.
func (e *Endpoint) end(reason error) {
	e.cancel(reason)
	e.srv.forget(e)
}

// tearDown ends what belongs to the endpoint.
func (e *Endpoint) tearDown() {
	e.srv.forget(e) // when it was the server that ended
	e.mu.Lock()
	e.phase = PhaseEnded
	conn, polite := e.conn, e.polite
	e.notifyLocked()
	e.mu.Unlock()
	if !polite {
		e.dtls.silence()
	}
	if conn != nil {
		_ = conn.Close() // sends close_notify unless silenced
	}
	_ = e.dtls.Close()
	e.securing.Wait()
	e.mu.Lock()
	e.early = nil
	e.mu.Unlock()
}
