package media

import (
	"context"
	"math"
	"testing"
	"time"

	"gotgcall/internal/demux"
	"gotgcall/internal/leak"
)

// withCover is a song with an attached picture: white, 60x90.
func withCover(t testing.TB, name string, args ...string) string {
	t.Helper()
	white := encode(t, "white.jpg", "-f", "lavfi", "-i", "color=white:s=60x90", "-frames:v", "1")
	in := append([]string{"-i", song, "-i", white, "-map", "0:a", "-map", "1:v", "-c:v", "copy", "-disposition:v:0", "attached_pic"}, args...)
	return encode(t, name, in...)
}

func TestASongWithACoverShowsItToTheEnd(t *testing.T) {
	for name, path := range map[string]string{
		"mp3":  withCover(t, "song.mp3", "-c:a", "copy"),
		"m4a":  withCover(t, "song.m4a", "-c:a", "aac"),
		"flac": withCover(t, "song.flac", "-c:a", "flac"),
	} {
		for way, ctx := range bothWays(t) {
			for offset, length := range map[time.Duration]float64{0: 20, 7300 * time.Millisecond: 12.7} {
				t.Run(name+", "+way+", from "+offset.String(), func(t *testing.T) {
					leak.Check(t)
					p := play(t, openAt(t, ctx, FromFile(path, withPicture), offset))
					if p.audioErr != nil || p.videoErr != nil {
						t.Fatalf("ended with %v, %v", p.audioErr, p.videoErr)
					}
					if got := p.soundLength().Seconds(); got < length-0.1 || got > length+0.1 {
						t.Errorf("the sound lasts %.2f s, expected %.2f s", got, length)
					}
					if p.width != 60 || p.height != 90 {
						t.Errorf("the picture has %dx%d", p.width, p.height)
					}
					same(t, "pictures", times(p.video), counted(0, len(p.video)-1), 0.01)
					if ends := float64(len(p.video)); ends < length-1 || ends > length+1 {
						t.Errorf("the picture lasts %v s, the sound %v s", ends, length)
					}
					for i, picture := range p.pictures(t) {
						if picture[0] < 200 {
							t.Fatalf("picture %d is not white: %v", i, picture)
						}
					}
					for i, f := range p.video {
						if i%2 == 0 && !f.Key {
							t.Errorf("picture %d is no key frame", i)
						}
					}
				})
			}
		}
	}
}

func times(frames []demux.Frame) []float64 {
	var all []float64
	for _, f := range frames {
		all = append(all, seconds90k(f))
	}
	return all
}

func TestAVeryShortSongWithACoverPlays(t *testing.T) {
	p := playFilm(t, FromFile(withCover(t, "short.mp3", "-t", "0.5", "-c:a", "copy"), withPicture))
	if got := p.soundLength().Seconds(); got < 0.4 || got > 0.6 || len(p.video) > 1 {
		t.Errorf("%.2f s of sound, %d pictures", got, len(p.video))
	}
}

func TestASongWithACoverThatIsOpenedPastItsEndIsOver(t *testing.T) {
	path := withCover(t, "song.mp3", "-c:a", "copy")
	for way, ctx := range bothWays(t) {
		t.Run(way, func(t *testing.T) {
			leak.Check(t)
			if p := play(t, openAt(t, ctx, FromFile(path, withPicture), time.Minute)); len(p.audio) > 0 || len(p.video) > 1 {
				t.Errorf("%d packets of sound, %d pictures", len(p.audio), len(p.video))
			}
		})
	}
}

// TestNeitherLegRunsAway reads, frame by frame, the leg that is behind, and of the other one what ffmpeg insists on writing before.
func TestNeitherLegRunsAway(t *testing.T) {
	for name, path := range map[string]string{
		"film":  flashBeep,
		"cover": withCover(t, "song.mp3", "-c:a", "copy"),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(timeless(t), patience)
			defer cancel()
			streams := openAt(t, ctx, FromFile(path, withPicture), 0)
			sound := newReading(ctx, demux.NewOgg(streams.Audio))
			sight := newReading(ctx, demux.NewIVF(streams.Video))
			for !sound.over || !sight.over {
				behind, other := sound, sight
				if sight.at < sound.at {
					behind, other = sight, sound
				}
				select {
				case r := <-behind.results:
					behind.take(r)
					continue
				case <-time.After(grace):
				}
				select {
				case r := <-behind.results:
					behind.take(r)
				case r := <-other.results: // ffmpeg goes on with it before it comes to the one that is behind
					other.take(r)
					other.ahead = max(other.ahead, other.at-behind.at)
				case <-time.After(patience):
					t.Fatal("a leg waits for ever")
				}
			}
			if ahead := max(sound.ahead, sight.ahead); ahead > 3*time.Second {
				t.Errorf("a leg had to be read %v ahead", ahead)
			}
		})
	}
}

// grace is how long the leg that is behind is waited for before the other one is read: so long that a machine that is busy is not taken for an ffmpeg that waits.
const grace = 200 * time.Millisecond

// reading is a leg whose frames are handed over one by one.
type reading struct {
	results chan result
	rate    int
	at      time.Duration
	over    bool
	ahead   time.Duration
}

type result struct {
	frame demux.Frame
	err   error
}

// newReading starts a goroutine that reads until the end or ctx's.
func newReading(ctx context.Context, d demux.Demuxer) *reading {
	r := &reading{results: make(chan result), rate: d.ClockRate()}
	go func() {
		for {
			f, err := d.Next()
			select {
			case r.results <- result{f, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return r
}

// take takes what was handed over. The leg that has ended is never behind.
func (r *reading) take(next result) {
	if next.err != nil {
		r.over, r.at = true, math.MaxInt64
		return
	}
	r.at = time.Duration(next.frame.PTS) * time.Second / time.Duration(r.rate)
}
