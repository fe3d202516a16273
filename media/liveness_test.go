package media

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"gotgcall/internal/leak"
	"gotgcall/models"
)

const (
	icecast   = "HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\nicy-name: A Station\r\nicy-br: 128"
	shoutcast = "ICY 200 OK\r\ncontent-type: audio/mpeg\r\nicy-name: A Station\r\nicy-pub: 0"
	nameless  = "HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nConnection: close"
)

func TestOnlyWhatIsLiveOrIsResetBreaksOffWithoutALength(t *testing.T) {
	data := readFile(t, song)[:100_000] // 6 s
	ogg := readFile(t, excerpt)
	for name, tt := range map[string]struct {
		page   page
		option EncodeOptions
		nature Nature
		broken string // "" for the natural end
	}{
		"a song in chunks":                  {chunkedPage(data), EncodeOptions{}, Endless, ""},
		"a song until it closes":            {radioPage(data, nameless, false), EncodeOptions{}, Endless, ""},
		"a song that is reset":              {radioPage(data, nameless, true), EncodeOptions{}, Endless, "Connection reset"},
		"Icecast closes":                    {radioPage(data, icecast, false), EncodeOptions{}, Station, "closed the connection"},
		"Icecast resets":                    {radioPage(data, icecast, true), EncodeOptions{}, Station, "Connection reset"},
		"Icecast closes a stream of Opus":   {radioPage(ogg, icecast, false), EncodeOptions{}, Station, "closed the connection"},
		"Shoutcast closes":                  {radioPage(data, shoutcast, false), EncodeOptions{}, Station, "closed the connection"},
		"of a station only a part is heard": {radioPage(data, icecast, false), EncodeOptions{End: 2e9}, Finite, ""},
		"Opus of a known length":            {bytesPage(ogg), EncodeOptions{}, Finite, ""},
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			s := serve(t, map[string]page{"/song.mp3": tt.page}) // whatever it is called
			l := NewLiveness()
			played, err := listen(open(t, WithLiveness(t.Context(), l), FromURL(s.URL+"/song.mp3", tt.option)).Audio)
			if tt.broken != "" {
				mustBe(t, err, models.ErrFile, "broke off", tt.broken)
			}
			if BrokeOff(err) != (tt.broken != "") || err != nil && tt.broken == "" || played == 0 {
				t.Errorf("%v were played, then %v", played, err)
			}
			if got := l.Nature(); got != tt.nature {
				t.Errorf("it is %d, expected %d", got, tt.nature)
			}
		})
	}
}

// livePages serves live HLS: a playlist without an end, for the first requests, and then another answer for it.
func livePages(t *testing.T, requests int32, then page) map[string]page {
	t.Helper()
	dir := t.TempDir()
	args := []string{"-nostdin", "-v", "error", "-i", song, "-c:a", "aac", "-t", "4", "-f", "hls", "-hls_time", "1", "-hls_base_url", "/s/",
		filepath.Join(dir, "list.m3u8")}
	if text, err := exec.Command(ffmpegPath(t), args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	live, _, _ := strings.Cut(string(readFile(t, filepath.Join(dir, "list.m3u8"))), "#EXT-X-ENDLIST")
	var asked atomic.Int32
	pages := map[string]page{"/radio": func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) <= requests {
			textPage(live)(w, r)
			return
		}
		if then != nil {
			then(w, r)
			return
		}
		_, _ = fmt.Fprint(w, live, "#EXT-X-ENDLIST\n")
	}}
	files := http.StripPrefix("/s/", http.FileServer(http.Dir(dir)))
	for n := range 6 {
		pages[fmt.Sprintf("/s/list%d.ts", n)] = files.ServeHTTP
	}
	return pages
}

func TestLiveHLSEndsWhenItsPlaylistSaysSoAndBreaksOffWhenThatIsLost(t *testing.T) {
	for name, tt := range map[string]struct {
		then  page
		broke bool
	}{
		"its end":                 {nil, false},
		"no playlist":             {statusPage(http.StatusNotFound), true},
		"an error of the server":  {statusPage(http.StatusBadGateway), true},
		"its connection is reset": {radioPage(nil, nameless, true), true},
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			s := serve(t, livePages(t, 2, tt.then))
			l := NewLiveness()
			_, err := listen(open(t, WithLiveness(t.Context(), l), FromURL(s.URL+"/radio")).Audio)
			if BrokeOff(err) != tt.broke || err != nil && !tt.broke {
				t.Errorf("it ended with %v", err)
			}
			if got := l.Nature(); got != LivePlaylist {
				t.Errorf("it is %d", got)
			}
		})
	}
}
