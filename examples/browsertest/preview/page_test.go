package preview

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"gotgcall/examples/browsertest/browser"
)

// film makes a film of 720p with music, of so many seconds: neither the sound nor the picture is ever the same for long.
func film(t *testing.T, seconds string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "film.mkv")
	browser.Command(t, "ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30", "-stream_loop", "-1", "-i", "../../../testdata/song.mp3",
		"-t", seconds, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", path)
	return path
}

// What the page shows and measures, in JavaScript.
const (
	connected = "document.querySelector('#state').textContent === 'connected'"
	audio     = "(await preview.totals()).audio"
	video     = "(await preview.totals()).video"
	seconds   = "document.querySelector('#position').textContent.split(':').reduce((m, s) => m * 60 + Number(s), 0)"
)

func TestAFilmIsHeardAndSeenAndObeys(t *testing.T) {
	p := open(t)
	start(t, film(t, "40")).listen(p)
	p.Until(connected)
	p.Until(audio + ".totalAudioEnergy > 0")
	p.Until(audio + ".totalSamplesReceived > 2 * 48000")
	p.Until(video + ".framesDecoded > 60")
	p.Until("document.querySelector('#screen').videoWidth === 1280")
	p.Until(audio + ".estimatedPlayoutTimestamp > 0 && " + video + ".estimatedPlayoutTimestamp > 0") // Sender Reports of both

	// Nothing is sent in a pause, and afterwards it goes on.
	p.press("pause")
	p.Until("document.querySelector('#state').textContent === 'paused'")
	p.Until("await (async () => { const a = " + audio + ".packetsReceived; await new Promise((f) => setTimeout(f, 500)); return a === " + audio + ".packetsReceived })()")
	p.press("resume")
	p.Until(connected)
	p.Grows(audio+".packetsReceived", 50)
	p.Grows(video+".framesDecoded", 30)

	p.press("mute")
	p.Until("document.querySelector('#state').textContent === 'muted'")
	p.Grows(video+".framesDecoded", 10)
	p.press("unmute")
	p.Until(connected)

	p.slide("seek", "30")
	p.Until(seconds + " >= 30")
	p.Grows(video+".framesDecoded", 30)
	p.slide("volume", "0.5")
	p.slide("speed", "0.5")
	p.Until("document.querySelector('#log').textContent.includes('Connect took')")

	for id, part := range map[string]string{
		"#payload": `"setup": "passive"`, "#answer": `"setup": "active"`, "#title": "film.mkv", "#details": "1280×720", "#stats": "in the ICE role controlled",
	} {
		p.Until("document.querySelector('" + id + "').textContent.includes(`" + part + "`)")
	}
	p.Until("document.querySelector('#diagnosis').textContent.includes('nothing is wrong on this side')")
	p.Until("document.querySelectorAll('.u-legend').length === 8")
	if bad := browser.Eval[string](p.Tab, "[...document.querySelectorAll('#log .bad')].map((e) => e.textContent).join(', ')"); bad != "" {
		t.Errorf("the log has errors: %s", bad)
	}
	p.StaysAtHome()
	p.Screenshot("preview-wide")

	// A telephone, in the dark.
	p.Do(chromedp.EmulateViewport(360, 740))
	p.Dark()
	p.Until("document.documentElement.scrollWidth <= innerWidth")
	p.Screenshot("preview-phone-dark")

	p.press("stop")
	p.Until("document.querySelector('#state').textContent === 'closed'")
	p.Do(chromedp.WaitEnabled(chromedp.CSS("#listen")), chromedp.Click(chromedp.CSS("#listen"))) // again
	p.Until(connected)
	p.Silent()
}

func TestFilesAddressesCommandsAndTheQueueArePlayed(t *testing.T) {
	p := open(t)
	start(t).listen(p)
	p.Until(connected)
	p.Until("document.querySelector('#title').textContent.includes('A Short Piece')")
	p.press("next")
	p.Until("document.querySelector('#title').textContent === 'flashbeep.mp4'")
	p.Until("document.querySelector('#log').textContent.includes('A Short Piece is over: skipped')")

	p.Do(chromedp.SetValue(chromedp.CSS("#files"), "song.ogg"), chromedp.Click(chromedp.CSS("#fileForm button[name=play]")))
	p.Until("document.querySelector('#details').textContent.startsWith('ogg, opus')")

	p.Do(chromedp.SendKeys(chromedp.CSS("#command"), "ffmpeg -f lavfi -i sine=frequency=440"), chromedp.Click(chromedp.CSS("#commandForm button[name=play]")))
	p.Until("document.querySelector('#title').textContent === 'a command'")
	p.Until(audio + ".totalAudioEnergy > 0")

	p.Do(chromedp.SendKeys(chromedp.CSS("#url"), "http://127.0.0.1:1/none.mp3"), chromedp.Click(chromedp.CSS("#urlForm button[name=play]")))
	p.Until("[...document.querySelectorAll('#log .bad')].some((e) => e.textContent.includes('play: '))")
	p.Until("document.querySelector('#title').textContent === 'a command'") // what plays goes on

	p.Do(chromedp.Click(chromedp.CSS("#broadcastForm button[name=broadcast]")))
	p.Until("document.querySelector('#broadcast').textContent.includes('The broadcast is connected')")
	p.Do(chromedp.Click(chromedp.CSS("#broadcastForm button[name=stopBroadcast]")))
	p.Until("document.querySelector('#broadcast').textContent === ''")
	p.Silent()
}

func TestASecondPageIsToldAndTakesOverWhenTheFirstIsClosed(t *testing.T) {
	chromium := browser.Start(t)
	first, second := tab{chromium.NewTab()}, tab{chromium.NewTab()}
	program := start(t)
	program.listen(first)
	first.Until(connected)

	second.Do(chromedp.Navigate(program.address))
	second.Until("document.querySelector('#notice').textContent.includes('another page is listening already')")
	if browser.Eval[bool](second.Tab, "!document.querySelector('#listen').disabled") {
		t.Error("the second page offers to listen")
	}
	first.Until(audio + ".totalSamplesReceived > 48000") // and is not disturbed

	if err := chromedp.Cancel(first.Context()); err != nil {
		t.Fatal(err)
	}
	program.listen(second)
	second.Until(connected)
	second.Do(chromedp.Reload(), chromedp.WaitEnabled(chromedp.CSS("#listen")), chromedp.Click(chromedp.CSS("#listen"))) // its own end and a beginning at once
	second.Until(connected)
	second.Silent()
	if s := program.Said(); strings.Contains(s, "ending the call") {
		t.Errorf("the call did not end cleanly:\n%s", s)
	}
}

func TestABrowserWithoutWebRTCIsToldSo(t *testing.T) {
	p := open(t)
	p.Before("delete globalThis.RTCPeerConnection")
	p.Do(chromedp.Navigate(start(t).address))
	p.Until("document.querySelector('#notice').textContent.startsWith('This browser has no WebRTC')")
	p.Until("document.querySelector('#folder').textContent !== 'the folder'") // greeted by the bot
	if browser.Eval[bool](p.Tab, "!document.querySelector('#listen').disabled") {
		t.Error("the page offers to listen")
	}
	p.Silent()
}

func TestWithoutFFmpegThePageSaysSoAndPlaysOpus(t *testing.T) {
	p := open(t)
	startIn(t, []string{"PATH=" + t.TempDir()}).listen(p)
	p.Until("document.querySelector('#notice').textContent.startsWith('There is no ffmpeg')")
	p.Until("document.querySelector('#title').textContent === 'the built-in piece'")
	p.Until(audio + ".totalAudioEnergy > 0")
	p.Silent()
}

func TestTheEndOfTheProgramIsTold(t *testing.T) {
	p := open(t)
	program := start(t)
	program.listen(p)
	p.Until(connected)
	program.Stop()
	p.Until("document.querySelector('#notice').textContent.startsWith('The preview has ended')")
}
