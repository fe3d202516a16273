package broadcast

import (
	"bytes"
	"io"
	"sync/atomic"
	"time"
)

const (
	// silenceAfter is how late sound may be before silence takes its place: two frames of 20 ms and the lateness of a busy scheduler. Late
	// sound that finds its place taken is lost.
	silenceAfter = 60 * time.Millisecond
	// silenceBehind is how far behind now silence ends: sound that begins again just then still finds its place free.
	silenceBehind = 20 * time.Millisecond
	// pictureAfter is how long after its time a picture is repeated, so that the next one of a source, a little late, finds its place free. It is
	// that of sound, so that both fall behind alike.
	pictureAfter = silenceAfter
	// mostRepeats per second of a standing picture: enough for an encoder that is asked for a constant rate, and cheap.
	mostRepeats = 15
	// longestStep is the time between two pictures beyond which one is repeated in between. Repeats lag behind: where pictures begin again there
	// may be room for one more.
	longestStep = 100*time.Millisecond + time.Millisecond/2
	// fillAtOnce is how much silence one call of Fill writes, so that a machine that slept does not fill the queue before the writer had a
	// chance to empty it; the rest follows every fillAgain.
	fillAtOnce = time.Second
	fillAgain  = 10 * time.Millisecond
	// slack is the deviation of sound from its place that is left alone: 2 ms, more than all rounding and less than anybody hears.
	slack = sampleRate / 500
)

// Config is what a Mixer's pictures are like.
type Config struct {
	// Width and Height of every picture, in pixels, both even.
	Width, Height int
	// FPS is the rate of pictures that the stream is made for. It only says how often a standing picture is repeated: FPS times per second, at
	// most 15 and at least once.
	FPS int
}

// Mixer makes one continuous stream of sound and pictures, over any number of connections one after the other.
//
// Its methods belong to one goroutine and never wait, except Stats, Backlog and Err, which may be called from anywhere. What is due at a moment is
// handed over by Audio and Video before Fill is called with that moment.
type Mixer struct {
	// Set at construction.
	config Config
	repeat time.Duration // between two times that a standing picture is written

	// Owned by the caller's goroutine.
	begin    time.Time     // timestamps count from here
	samples  int64         // written since begin: where the next one belongs
	standing []byte        // the picture to be seen
	black    []byte        // nil before it was needed
	last     time.Duration // when the last picture was written, since begin; negative before the first
	open     bool          // between Begin and End or Abort

	// Atomic.
	conn  atomic.Pointer[connection] // the last one; nil before the first
	count counters
}

// NewMixer returns a Mixer without a connection. Black is to be seen.
func NewMixer(c Config) *Mixer {
	return &Mixer{config: c, repeat: time.Second / time.Duration(min(max(c.FPS, 1), mostRepeats))}
}

// Begin starts a connection: w gets a stream of its own whose timestamps count from now. The picture that stood last is to be seen first. A
// connection that is still open is aborted; one that was ended goes on to write what it has.
//
// A goroutine writes to w and closes it in the end, or when writing fails. Abort closes w while that goroutine may be writing: this must end the
// Write, as it does with a pipe or a network connection.
func (m *Mixer) Begin(w io.WriteCloser, now time.Time) {
	if m.open {
		m.Abort()
	}
	m.open, m.begin, m.samples, m.last = true, now, 0, -1
	m.conn.Store(connect(w, m.config, &m.count))
}

// Video takes a picture: I420 of Width×Height, kept by the Mixer and written again until the next one comes. It is dropped and counted when it is
// due not later than the last picture, before Begin, or while too many others wait to be written; it is the standing one all the same. Data of another
// size is dropped. Without a connection a picture is only kept.
func (m *Mixer) Video(due time.Time, picture []byte) {
	if len(picture) != m.config.size() {
		m.count.dropped.Add(1)
		return
	}
	if m.open && m.last >= 0 && due.Sub(m.begin)-m.last > max(longestStep, m.repeat*5/4) && m.conn.Load().takes() {
		m.show(m.last+m.repeat, true)
	}
	m.standing = picture
	if m.open {
		m.show(due.Sub(m.begin), false)
	}
}

// Black tells that nothing is to be seen from now on.
func (m *Mixer) Black() { m.standing = nil }

// show writes the standing picture for the time at.
func (m *Mixer) show(at time.Duration, again bool) {
	ms := milliseconds(at)
	if at < 0 || m.last >= 0 && ms <= milliseconds(m.last) {
		m.count.dropped.Add(1)
		return
	}
	m.last = at // also of one that is dropped, so that it is not tried again at once
	if !m.conn.Load().put(block{track: videoTrack, at: uint64(ms), data: m.seen()}) {
		m.count.dropped.Add(1)
		return
	}
	if again {
		m.count.repeated.Add(1)
	} else {
		m.count.pictures.Add(1)
	}
}

// seen returns what is to be seen.
func (m *Mixer) seen() []byte {
	if m.standing != nil {
		return m.standing
	}
	if m.black == nil {
		luma := m.config.Width * m.config.Height
		m.black = append(bytes.Repeat([]byte{16}, luma), bytes.Repeat([]byte{128}, m.config.size()-luma)...)
	}
	return m.black
}

// Fill does what is due at now to keep the stream going, and returns when it wants to be called again: the zero time without a connection. When the
// connection takes nothing any more it does nothing.
//
// Silence is written when sound is 60 ms behind, up to 20 ms behind now. The standing picture is written again, for a time of 60 ms before now, when
// the last one is older than one interval of repetition by then: a source of 10 pictures per second and more is not disturbed, even when its
// pictures come a little late.
func (m *Mixer) Fill(now time.Time) (next time.Time) {
	if !m.open {
		return time.Time{}
	}
	if !m.conn.Load().takes() {
		return now.Add(m.repeat)
	}
	at := now.Sub(m.begin)
	if late := max(0, at-pictureAfter); m.last < 0 || late-m.last >= m.repeat {
		m.show(late, true)
	}
	sound := m.played() + silenceAfter
	if at >= sound {
		until := min(at-silenceBehind, m.played()+fillAtOnce)
		m.silence(samplesIn(until))
		if sound = m.played() + silenceAfter; at >= sound {
			sound = at + fillAgain
		}
	}
	return m.begin.Add(min(sound, m.last+m.repeat+pictureAfter))
}

// End closes the connection's w after everything that waits was written. The channel is closed when that is done, or failed, and the goroutine is
// gone; Abort makes it short. Without a connection it is closed already.
func (m *Mixer) End() (drained <-chan struct{}) {
	m.open = false
	c := m.conn.Load()
	if c == nil {
		none := make(chan struct{})
		close(none)
		return none
	}
	c.end()
	return c.done
}

// Abort closes the connection's w at once, and drops what waits. It may follow End, which then returns a channel that tells when the goroutine is
// gone.
func (m *Mixer) Abort() {
	m.open = false
	if c := m.conn.Load(); c != nil {
		c.abort()
	}
}

// Backlog returns how much sound waits to be taken by w, or is being written. From 10 s on no media is taken any more, and it stays there until
// the next Begin: the connection is to be ended.
func (m *Mixer) Backlog() time.Duration {
	if c := m.conn.Load(); c != nil {
		return c.backlog()
	}
	return 0
}

// Err returns the error with which w failed, of the last connection, or nil. What would be written after it is dropped and counted.
func (m *Mixer) Err() error {
	if c := m.conn.Load(); c != nil {
		return c.failure()
	}
	return nil
}

// size returns the bytes of a picture.
func (c Config) size() int { return c.Width * c.Height * 3 / 2 }

// milliseconds rounds a time that is not negative.
func milliseconds(d time.Duration) int64 {
	return int64((d + time.Millisecond/2) / time.Millisecond)
}
