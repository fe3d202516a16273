package browsertest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// film makes a film of 720p with music, of so many seconds: neither the sound nor the picture is ever the same for long.
func film(t *testing.T, seconds string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "film.mkv")
	command(t, "ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30", "-stream_loop", "-1", "-i", "../../../testdata/song.mp3",
		"-t", seconds, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", path)
	return path
}

// screenshot keeps a picture of the whole page for people to look at, and says where.
func screenshot(p *tab, name string) {
	p.t.Helper()
	path := filepath.Join(artifacts(), "gotgcall-preview-"+name+".png")
	if err := os.WriteFile(path, get(p, chromedp.FullScreenshot(100)), 0o644); err != nil {
		p.t.Fatal(err)
	}
	p.t.Logf("screenshot: %s", path)
}

// artifacts is where that is.
func artifacts() string {
	if dir := os.Getenv("ARTIFACTS"); dir != "" {
		return dir
	}
	return os.TempDir()
}

// What the page shows and measures, in JavaScript.
const (
	connected = "document.querySelector('#state').textContent === 'connected'"
	audio     = "(await preview.totals()).audio"
	video     = "(await preview.totals()).video"
	seconds   = "document.querySelector('#position').textContent.split(':').reduce((m, s) => m * 60 + Number(s), 0)"
)

func TestAFilmIsHeardAndSeenAndObeys(t *testing.T) {
	p := newTab(t, startBrowser(t))
	start(t, film(t, "40")).listen(p)
	p.until(connected)
	p.until(audio + ".totalAudioEnergy > 0")
	p.until(audio + ".totalSamplesReceived > 2 * 48000")
	p.until(video + ".framesDecoded > 60")
	p.until("document.querySelector('#screen').videoWidth === 1280")
	p.until(audio + ".estimatedPlayoutTimestamp > 0 && " + video + ".estimatedPlayoutTimestamp > 0") // Sender Reports of both

	// Nothing is sent in a pause, and afterwards it goes on.
	p.press("pause")
	p.until("document.querySelector('#state').textContent === 'paused'")
	p.until("await (async () => { const a = " + audio + ".packetsReceived; await new Promise((f) => setTimeout(f, 500)); return a === " + audio + ".packetsReceived })()")
	p.press("resume")
	p.until(connected)
	p.grows(audio+".packetsReceived", 50)
	p.grows(video+".framesDecoded", 30)

	p.press("mute")
	p.until("document.querySelector('#state').textContent === 'muted'")
	p.grows(video+".framesDecoded", 10)
	p.press("unmute")
	p.until(connected)

	p.slide("seek", "30")
	p.until(seconds + " >= 30")
	p.grows(video+".framesDecoded", 30)
	p.slide("volume", "0.5")
	p.slide("speed", "0.5")
	p.until("document.querySelector('#log').textContent.includes('Connect took')")

	for id, part := range map[string]string{
		"#payload": `"setup": "passive"`, "#answer": `"setup": "active"`, "#title": "film.mkv", "#details": "1280×720", "#stats": "in the ICE role controlled",
	} {
		p.until("document.querySelector('" + id + "').textContent.includes(`" + part + "`)")
	}
	p.until("document.querySelector('#diagnosis').textContent.includes('nothing is wrong on this side')")
	p.until("document.querySelectorAll('.u-legend').length === 8")
	if bad := eval[string](p, "[...document.querySelectorAll('#log .bad')].map((e) => e.textContent).join(', ')"); bad != "" {
		t.Errorf("the log has errors: %s", bad)
	}
	p.staysAtHome()
	screenshot(p, "wide")

	// A telephone, in the dark.
	p.do(chromedp.EmulateViewport(360, 740))
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.until("document.documentElement.scrollWidth <= innerWidth")
	screenshot(p, "phone-dark")

	p.press("stop")
	p.until("document.querySelector('#state').textContent === 'closed'")
	p.do(chromedp.WaitEnabled(chromedp.CSS("#listen")), chromedp.Click(chromedp.CSS("#listen"))) // again
	p.until(connected)
	p.silent()
}

func TestFilesAddressesCommandsAndTheQueueArePlayed(t *testing.T) {
	p := newTab(t, startBrowser(t))
	start(t).listen(p)
	p.until(connected)
	p.until("document.querySelector('#title').textContent.includes('A Short Piece')")
	p.press("next")
	p.until("document.querySelector('#title').textContent === 'flashbeep.mp4'")
	p.until("document.querySelector('#log').textContent.includes('A Short Piece is over: skipped')")

	p.do(chromedp.SetValue(chromedp.CSS("#files"), "song.ogg"), chromedp.Click(chromedp.CSS("#fileForm button[name=play]")))
	p.until("document.querySelector('#details').textContent.startsWith('ogg, opus')")

	p.do(chromedp.SendKeys(chromedp.CSS("#command"), "ffmpeg -f lavfi -i sine=frequency=440"), chromedp.Click(chromedp.CSS("#commandForm button[name=play]")))
	p.until("document.querySelector('#title').textContent === 'a command'")
	p.until(audio + ".totalAudioEnergy > 0")

	p.do(chromedp.SendKeys(chromedp.CSS("#url"), "http://127.0.0.1:1/none.mp3"), chromedp.Click(chromedp.CSS("#urlForm button[name=play]")))
	p.until("[...document.querySelectorAll('#log .bad')].some((e) => e.textContent.includes('play: '))")
	p.until("document.querySelector('#title').textContent === 'a command'") // what plays goes on

	p.do(chromedp.Click(chromedp.CSS("#broadcastForm button[name=broadcast]")))
	p.until("document.querySelector('#broadcast').textContent.includes('The broadcast is connected')")
	p.do(chromedp.Click(chromedp.CSS("#broadcastForm button[name=stopBroadcast]")))
	p.until("document.querySelector('#broadcast').textContent === ''")
	p.silent()
}

func TestASecondPageIsToldAndTakesOverWhenTheFirstIsClosed(t *testing.T) {
	browser := startBrowser(t)
	first, second := newTab(t, browser), newTab(t, browser)
	program := start(t)
	program.listen(first)
	first.until(connected)

	second.do(chromedp.Navigate(program.address))
	second.until("document.querySelector('#notice').textContent.includes('another page is listening already')")
	if eval[bool](second, "!document.querySelector('#listen').disabled") {
		t.Error("the second page offers to listen")
	}
	first.until(audio + ".totalSamplesReceived > 48000") // and is not disturbed

	if err := chromedp.Cancel(first.ctx); err != nil {
		t.Fatal(err)
	}
	program.listen(second)
	second.until(connected)
	second.do(chromedp.Reload(), chromedp.WaitEnabled(chromedp.CSS("#listen")), chromedp.Click(chromedp.CSS("#listen"))) // its own end and a beginning at once
	second.until(connected)
	second.silent()
	if s := program.said(); strings.Contains(s, "ending the call") {
		t.Errorf("the call did not end cleanly:\n%s", s)
	}
}

func TestABrowserWithoutWebRTCIsToldSo(t *testing.T) {
	p := newTab(t, startBrowser(t))
	_, err := chromedp.Call(p.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: "delete globalThis.RTCPeerConnection"})
	if err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.Navigate(start(t).address))
	p.until("document.querySelector('#notice').textContent.startsWith('This browser has no WebRTC')")
	p.until("document.querySelector('#folder').textContent !== 'the folder'") // greeted by the bot
	if eval[bool](p, "!document.querySelector('#listen').disabled") {
		t.Error("the page offers to listen")
	}
	p.silent()
}

func TestWithoutFFmpegThePageSaysSoAndPlaysOpus(t *testing.T) {
	p := newTab(t, startBrowser(t))
	t.Setenv("PATH", t.TempDir())
	start(t).listen(p)
	p.until("document.querySelector('#notice').textContent.startsWith('There is no ffmpeg')")
	p.until("document.querySelector('#title').textContent === 'the built-in piece'")
	p.until(audio + ".totalAudioEnergy > 0")
	p.silent()
}

func TestTheEndOfTheProgramIsTold(t *testing.T) {
	p := newTab(t, startBrowser(t))
	program := start(t)
	program.listen(p)
	p.until(connected)
	program.stop()
	p.until("document.querySelector('#notice').textContent.startsWith('The preview has ended')")
}
