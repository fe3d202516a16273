package media

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

// wallClock is the time in seconds to the filters of ffmpeg.
const wallClock = "time(0)"

// noteLeftOut is the part of pickFilter that notes on stderr that a picture was left out: its number, at the level of -loglevel error.
const noteLeftOut = "print(n,16)"

// leftOutNotes returns what counts these notes of a command in n; nil when it makes none.
func leftOutNotes(args []string, n *atomic.Uint64) func(line []byte) (kept []byte) {
	if !slices.ContainsFunc(args, func(a string) bool { return strings.Contains(a, noteLeftOut) }) {
		return nil
	}
	return func(line []byte) []byte {
		number, ok := bytes.CutSuffix(line, []byte(".000000"))
		if !ok || len(number) == 0 || len(bytes.Trim(number, "0123456789")) > 0 {
			return line
		}
		n.Add(1)
		return nil
	}
}

// pickFilter is the filter that leaves out pictures, before they cost anything but their decoding: those beyond the highest rate, and, while
// ffmpeg is slower than real time, as many as it takes to keep up. So the sound, which the same process encodes, never waits for the
// picture, and the picture is not late but jerky. The times of those that stay are not touched.
//
// ffmpeg's speed shows in the wall time between pictures. The sum of what they take longer than they last is the lag; beyond maxLag
// pictures are dropped. What does not count is the time that ffmpeg waits for somebody else:
//
//   - for the reader of its output, who stops when he has read ahead far enough, or pauses. That is one long interval, and the next one is
//     short. So a long interval counts only when the next one, after a picture that was encoded, is long as well.
//   - for its input. Then it helps nothing to drop pictures: when two in a row have not made it faster, some of the lag is forgiven.
//
// One picture a second is always kept. Each one that is left out to keep up is noted on stderr (leftOutNotes). clock is an
// expression for the wall time in seconds; it is evaluated once for each picture that the rate lets pass.
func pickFilter(fps int, clock string) string {
	names := strings.NewReplacer(
		"WALL", "0", "TIME", "1", "LAG", "2", "SUSPECT", "3", "DUE", "4", "TOOK", "5", "LASTS", "6", "KEPT", "7", "USELESS", "8",
		"CLOCK", clock,
		"INTERVAL", fmt.Sprintf("(1/%d)", fps),
	)
	first := "st(WALL,CLOCK);st(TIME,t);st(DUE,t+INTERVAL);st(LAG,0.3);st(KEPT,1)"
	next := strings.Join([]string{
		"st(TOOK,-ld(WALL)+st(WALL,CLOCK))", "st(LASTS,-ld(TIME)+st(TIME,t))",
		"st(DUE,max(ld(DUE),t-0.35*INTERVAL)+INTERVAL)",
		"if(gt(ld(TOOK),ld(LASTS)+0.1)" +
			",st(LAG,ld(LAG)+ld(SUSPECT));st(SUSPECT,min(ld(TOOK),1)-ld(LASTS))" +
			",st(LAG,ld(LAG)+ld(TOOK)-ld(LASTS));if(ld(KEPT),st(LAG,ld(LAG)+ld(SUSPECT)*gte(ld(TOOK),ld(LASTS)));st(SUSPECT,0)))",
		"st(USELESS,if(ld(KEPT)+lt(ld(TOOK),0.8*ld(LASTS)),0,ld(USELESS)+1))",
		"st(LAG,clip(ld(LAG)-0.1*gte(ld(USELESS),2),0,2))",
		"st(KEPT,not(gt(ld(LAG),0.5))+gte(t-prev_selected_t,1))",
		"if(ld(KEPT),1,0*" + noteLeftOut + ")",
	}, ";")
	// A rate a little over the highest one is no reason to drop a picture now and then: the due time is held back by what is left over.
	return names.Replace(fmt.Sprintf("select='if(eq(n,0),%s,if(lt(t,ld(DUE)-0.1*INTERVAL),0,%s))'", first, next))
}
