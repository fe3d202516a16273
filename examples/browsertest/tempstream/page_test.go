package tempstream

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"gotgcall/examples/browsertest/browser"
)

// What the page shows, in JavaScript.
const (
	video   = "document.querySelector('#screen')"
	isOff   = "!document.querySelector('#off').hidden && document.querySelector('#watch').hidden"
	isMuted = video + ".muted && !document.querySelector('#unmute').hidden"

	// moves: half a second later the picture is another one, and so is the position.
	moves = `await (async () => {
		const look = () => {
			const pen = Object.assign(document.createElement('canvas'), { width: 64, height: 36 }).getContext('2d');
			pen.drawImage(` + video + `, 0, 0, 64, 36);
			return { at: ` + video + `.currentTime, frames: ` + video + `.getVideoPlaybackQuality().totalVideoFrames, pixels: pen.getImageData(0, 0, 64, 36).data };
		};
		const one = look();
		await new Promise((f) => setTimeout(f, 500));
		const two = look();
		return two.at > one.at && two.frames > one.frames && two.pixels.some((p, i) => p !== one.pixels[i]);
	})()`

	// sounds: what comes out of the element is heard.
	sounds = `await (async () => {
		const context = new AudioContext();
		const ear = context.createAnalyser();
		context.createMediaStreamSource(` + video + `.captureStream()).connect(ear);
		await new Promise((f) => setTimeout(f, 500));
		const samples = new Float32Array(ear.fftSize);
		ear.getFloatTimeDomainData(samples);
		await context.close();
		return !` + video + `.muted && Math.max(...samples) > 0.01;
	})()`

	// nextFrame notes the clock when the next picture is shown. It is of no use while pictures are shown.
	nextFrame = `(() => { globalThis.shown = 0; ` + video + `.requestVideoFrameCallback(() => { globalThis.shown = Date.now(); }); return true })()`

	// noteFirstFrame notes after how many milliseconds a page shows its first picture. It runs before the page's own scripts.
	noteFirstFrame = `document.addEventListener('DOMContentLoaded', () => {
		globalThis.firstFrame = 0;
		document.querySelector('#screen')?.requestVideoFrameCallback((now) => { globalThis.firstFrame = now; });
	})`

	// refuseAutoplay is a browser that plays nothing before a click.
	refuseAutoplay = `(() => {
		const play = HTMLMediaElement.prototype.play;
		HTMLMediaElement.prototype.play = function () {
			return navigator.userActivation.isActive ? play.call(this) : Promise.reject(new DOMException('not before a click', 'NotAllowedError'));
		};
	})()`
)

// badge: the page says that the stream is in a state.
func badge(text string) string {
	return "document.querySelector('#badge').textContent === '" + text + "'"
}

// figure logs what was measured. It guards against hanging alone: ten times what is wanted fails.
func figure(t *testing.T, what string, measured, wanted time.Duration) {
	t.Helper()
	t.Logf("%s: %v, wanted %v at most", what, measured.Round(time.Millisecond), wanted)
	if measured > 10*wanted {
		t.Errorf("%s took %v", what, measured)
	}
}

func TestAViewerSeesAndHearsTheStreamOverAGapUntilTheLinkIsOff(t *testing.T) {
	s := serve(t)
	url, id := s.link("--ttl", "1h", "--label", "film night")
	stop := s.publish()
	p := newTab(t)
	open(p, url)
	p.Until(badge("Live"))
	p.Until(moves)

	// A page that is opened while the stream runs.
	open(p, url)
	p.Until("firstFrame > 0")
	figure(t, "first picture", time.Duration(browser.Eval[float64](p, "firstFrame")*float64(time.Millisecond)), 3*time.Second)
	p.Until(isMuted) // a browser plays no sound before a click
	p.Until(moves)
	for _, part := range []string{"film night", "This link works until", "minutes from now"} {
		if text := p.Text("body"); !strings.Contains(text, part) {
			t.Errorf("the page does not say %q:\n%s", part, text)
		}
	}
	p.Do(chromedp.Click(chromedp.CSS("#unmute")))
	p.Until(sounds)
	p.Until("document.querySelector('#unmute').hidden && document.querySelector('#words').hidden")
	p.Screenshot("tempstream-wide")
	p.StaysAtHome()

	// The publisher goes away for ten seconds.
	browser.Eval[bool](p, "globalThis.samePage = true")
	stop()
	gone := time.Now()
	p.Until(badge("Waiting"))
	p.Until(video + ".readyState < 3") // what was loaded has been played
	browser.Eval[bool](p, nextFrame)
	p.Screenshot("tempstream-gap")
	<-time.After(10*time.Second - time.Since(gone)) // the length of the gap is what is tested
	s.publish()
	back := time.Now()
	p.Until("shown > 0")
	figure(t, "playback after a gap of 10 s", time.UnixMilli(int64(browser.Eval[float64](p, "shown"))).Sub(back), 5*time.Second)
	p.Until(moves)
	p.Until(sounds)
	p.Until(badge("Live"))
	if !browser.Eval[bool](p, "globalThis.samePage === true") {
		t.Error("the page was loaded anew")
	}

	// A telephone, in the dark.
	p.Do(chromedp.EmulateViewport(360, 740))
	p.Dark()
	p.Until("document.documentElement.scrollWidth <= innerWidth")
	p.Screenshot("tempstream-phone-dark")
	p.Silent()

	s.do("link", "off", id)
	begin := time.Now()
	p.Until(isOff)
	figure(t, "the message that the link is off", time.Since(begin), time.Second)
	if !browser.Eval[bool](p, video+".paused && "+video+".readyState === 0") {
		t.Error("something still plays")
	}
	p.Screenshot("tempstream-off")
	p.Do(chromedp.Navigate(url))
	p.Until("document.querySelector('h1').textContent === 'This link does not work'")
}

func TestAPageThatIsOpenedTooEarlyWaitsAndAsksForAClickWhereItMust(t *testing.T) {
	s := serve(t)
	url, _ := s.link("--permanent")
	p := newTab(t)
	p.Before(refuseAutoplay)
	open(p, url)
	p.Until(badge("Waiting"))
	if text := p.Text("body"); !strings.Contains(text, "does not expire") || !strings.Contains(text, "begins here by itself") {
		t.Errorf("the page says\n%s", text)
	}
	stop := s.publish()
	playsByAClick := func() {
		t.Helper()
		p.Until(badge("Live"))
		p.Do(chromedp.WaitVisible(chromedp.CSS("#play")), chromedp.Click(chromedp.CSS("#play")))
		p.Until(moves)
		p.Until(sounds)
		p.Until("document.querySelector('#play').hidden && document.querySelector('#words').hidden")
	}
	playsByAClick()

	// A viewer who has paused is asked as well when the stream comes back.
	browser.Eval[bool](p, "("+video+".pause(), true)")
	stop()
	p.Until(badge("Waiting"))
	s.publish()
	playsByAClick()
	p.Silent()
}

// TestABrowserWithoutMediaSourcePlaysByItself needs a Chromium that has HLS of its own; with an older one it sees that the page says what is wrong.
func TestABrowserWithoutMediaSourcePlaysByItself(t *testing.T) {
	s := serve(t)
	url, _ := s.link("--ttl", "1h")
	s.publish()
	p := newTab(t)
	p.Before("delete globalThis.MediaSource; delete globalThis.ManagedMediaSource; delete globalThis.WebKitMediaSource")
	open(p, url)
	p.Until(badge("Live"))
	if browser.Eval[string](p, video+".canPlayType('application/vnd.apple.mpegurl')") == "" {
		p.Until("document.querySelector('#words').textContent.startsWith('This browser cannot play the stream')")
		return
	}
	p.Until(moves)
	p.Do(chromedp.Click(chromedp.CSS("#unmute")))
	p.Until(sounds)
}

func TestWhoFindsNoPlaceGetsTheNextThatIsFree(t *testing.T) {
	s := serve(t)
	url, _ := s.link("--viewers", "1")
	s.publish()
	first := newTab(t)
	open(first, url)
	first.Until(moves)
	second := newTab(t) // in a browser of its own: the pages of one share their cookies
	open(second, url)
	second.Until(badge("Full"))
	first.Do(chromedp.Navigate("about:blank"))
	second.Until(badge("Live"))
	second.Until(moves)
	second.Silent()
}

func TestThePageOutlivesARestartOfTheService(t *testing.T) {
	s := serve(t)
	url, _ := s.link("--ttl", "1h")
	s.publish()
	p := newTab(t)
	open(p, url)
	p.Until(moves)
	browser.Eval[bool](p, "globalThis.samePage = true")
	s.run.Stop()
	p.Until(badge("Reconnecting"))
	s.start()
	p.Until(badge("Live"))
	p.Until(moves)
	if !browser.Eval[bool](p, "globalThis.samePage === true") {
		t.Error("the page was loaded anew")
	}
}

func TestTheDemoPausesResumesAndEnds(t *testing.T) {
	demo := browser.Run(t, nil, program.Path(t), "demo", "--addr", freeAddr(t))
	p := newTab(t)
	open(p, "http://"+demo.Says("http://"))
	p.Until(badge("Live"))
	p.Until(moves)
	p.Do(chromedp.Click(chromedp.CSS("#unmute")))
	p.Until(sounds)

	demo.Type("p\n")
	p.Until(badge("Paused"))
	p.Until("document.querySelector('#words').textContent.includes('has paused')")
	p.Screenshot("tempstream-paused")
	demo.Type("r\n")
	p.Until(badge("Live"))
	p.Until(moves)
	p.Until(sounds)
	p.Silent()
	demo.Type("q\n")
	p.Until(badge("Ended"))
}
