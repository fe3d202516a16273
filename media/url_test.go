package media

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gotgcall/internal/leak"
	"gotgcall/models"
)

func TestASongOverHTTPPlaysToItsEndInTime(t *testing.T) {
	data := readFile(t, song)
	for name, p := range map[string]page{
		"with length":               bytesPage(data),
		"in chunks":                 chunkedPage(data),
		"until it closes":           closingPage(data),
		"breaking off, with ranges": breakingPage(data, 90_000, true),
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			s := serve(t, map[string]page{"/song": p})
			plays(t, t.Context(), FromURL(s.URL+"/song"), songLength)
			if n := s.requests("/song"); n > 6 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestAURLPlaysFromAnOffset(t *testing.T) {
	leak.Check(t)
	s := httptest.NewServer(http.FileServer(http.Dir("../testdata")))
	defer s.Close()
	streams, err := FromURL(s.URL+"/song.mp3").(SeekableSource).OpenAt(t.Context(), 15*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer streams.Close()
	got, err := listen(streams.Audio)
	if err != nil || (got-5*time.Second).Abs() > tolerance {
		t.Errorf("played %v, then %v", got, err)
	}
}

func TestOnlyURLsThatCanBeSoughtInAreSeekable(t *testing.T) {
	for url, want := range map[string]bool{
		"http://example.com/a": true, "HTTPS://example.com/a": true,
		"rtmp://example.com/a": false, "rtsp://example.com/a": false, "srt://example.com:1": false, "nonsense": false,
	} {
		if _, ok := FromURL(url).(SeekableSource); ok != want {
			t.Errorf("%s: seekable %v", url, ok)
		}
	}
}

func TestADownloadThatBreaksOffEndsWithTheReason(t *testing.T) {
	leak.Check(t)
	s := serve(t, map[string]page{"/song.mp3": breakingPage(readFile(t, song), 90_000, false)})
	played, err := listen(open(t, t.Context(), FromURL(s.URL+"/song.mp3", EncodeOptions{Passthrough: PassthroughNever})).Audio)
	mustBe(t, err, models.ErrFile, "broke off", "/song.mp3")
	if played < 3*time.Second || played > 8*time.Second {
		t.Errorf("played %v, of which some 5.6 s had come", played)
	}
	if n := s.requests(""); n != 1 {
		t.Errorf("%d requests: the song began again", n)
	}
}

func TestWhatTheServerDoesNotGiveIsAnErrorOfTheSource(t *testing.T) {
	s := serve(t, map[string]page{
		"/500":   statusPage(http.StatusInternalServerError),
		"/text":  textPage(strings.Repeat("<p>not a song</p>\n", 100)),
		"/empty": textPage(""),
		"/away":  redirectPage("file://" + abs(t, song)),
	})
	gone := httptest.NewServer(nil)
	gone.Close()
	for url, parts := range map[string][]string{
		s.URL + "/404":     {"does not give it out", "404"},
		s.URL + "/500":     {"does not give it out", "5"},
		s.URL + "/text":    {"nothing at this URL"},
		s.URL + "/empty":   {"nothing at this URL"},
		s.URL + "/away":    {"nothing at this URL"},
		gone.URL + "/song": {"no server at this address"},
	} {
		t.Run(url[strings.LastIndex(url, "/"):], func(t *testing.T) {
			leak.Check(t)
			err := fails(t, t.Context(), FromURL(url))
			mustBe(t, err, models.ErrFile, append(parts, url)...)
		})
	}
}

func TestRemotePlaylistsDoNotReachLocalFiles(t *testing.T) {
	local := abs(t, song)
	for name, entry := range map[string]string{
		"file URL":   "file://" + local,
		"path":       local,
		"dots":       strings.Repeat("../", 20) + local[1:],
		"concat":     "concat:" + local,
		"subfile":    "subfile,,start,0,end,0,,:" + local,
		"crypto":     "crypto:" + local,
		"async":      "async:" + local,
		"httpslash":  "http+file://" + local,
		"concatfile": "",
	} {
		t.Run(name, func(t *testing.T) {
			text := "#EXTM3U\n#EXT-X-TARGETDURATION:20\n#EXTINF:20,\n" + entry + "\n#EXT-X-ENDLIST\n"
			if entry == "" {
				text = "ffconcat version 1.0\noption safe 0\nfile '" + local + "'\n"
			}
			s := serve(t, map[string]page{"/list": textPage(text)})
			mustBe(t, fails(t, t.Context(), FromURL(s.URL+"/list")), models.ErrFile)
		})
	}
}

// hlsPages serves the song as HLS in segments of 4 s, the playlist at another path. With video the sound begins far into a segment.
func hlsPages(t *testing.T, playlist string) map[string]page {
	t.Helper()
	dir := t.TempDir()
	args := []string{"-nostdin", "-v", "error", "-i", song, "-c:a", "aac", "-f", "hls", "-hls_time", "4", "-hls_playlist_type", "vod",
		"-hls_base_url", "/s/", filepath.Join(dir, "list.m3u8")}
	if text, err := exec.Command(ffmpegPath(t), args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	files := http.StripPrefix("/s/", http.FileServer(http.Dir(dir)))
	pages := map[string]page{playlist: textPage(string(readFile(t, filepath.Join(dir, "list.m3u8"))))}
	for n := range 6 {
		pages[fmt.Sprintf("/s/list%d.ts", n)] = files.ServeHTTP
	}
	return pages
}

func TestHLSPlaysWhateverItsURLLooksLike(t *testing.T) {
	for _, path := range []string{"/live", "/song.mp3", "/list.m3u8"} {
		t.Run(path, func(t *testing.T) {
			leak.Check(t)
			s := serve(t, hlsPages(t, path))
			plays(t, t.Context(), FromURL(s.URL+path), songLength)
			if n := s.requests(""); n >= 10 {
				t.Errorf("%d requests for 6 segments", n)
			}
		})
	}
}

func TestATransportStreamJoinedInTheMiddlePlays(t *testing.T) {
	ts := readFile(t, encode(t, "film.ts", "-f", "lavfi", "-i", "nullsrc=s=640x360:r=25:d=8,geq=random(1)*255:128:128", "-i", song,
		"-c:v", "mpeg2video", "-q:v", "2", "-g", "100", "-c:a", "mp2", "-t", "8", "-pat_period", "4"))
	const packet = 188
	s := serve(t, map[string]page{"/cut": bytesPage(ts[50*packet:])})
	played, err := listen(open(t, t.Context(), FromURL(s.URL+"/cut")).Audio)
	if err != nil || played < 3*time.Second {
		t.Errorf("of 8 s played %v, then %v", played, err)
	}
}

func TestAServerThatNeverAnswersIsLeftWithTheContext(t *testing.T) {
	leak.Check(t)
	asked := make(chan struct{})
	s := serve(t, map[string]page{"/hang": func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}})
	endsWithItsContext(t, FromURL(s.URL+"/hang", EncodeOptions{Passthrough: PassthroughNever}), func() { <-asked })
}

func TestACertificateIsVerified(t *testing.T) {
	s := httptest.NewUnstartedServer(http.FileServer(http.Dir("../testdata")))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that fail, as they should
	s.StartTLS()
	defer s.Close()
	url := s.URL + "/song.mp3"
	t.Run("unknown authority", func(t *testing.T) {
		mustBe(t, fails(t, t.Context(), FromURL(url)), models.ErrFile, "certificate", "SSL_CERT_FILE")
	})
	t.Run("unknown authority, without ffmpeg", func(t *testing.T) {
		song := FromURL(s.URL+"/song.ogg", EncodeOptions{Passthrough: PassthroughRequired})
		mustBe(t, fails(t, t.Context(), song), models.ErrFile, "certificate")
	})
	t.Run("known authority", func(t *testing.T) {
		ca := filepath.Join(t.TempDir(), "ca.pem")
		writeFile(t, ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
		t.Setenv("SSL_CERT_FILE", ca)
		plays(t, t.Context(), FromURL(url), songLength)
	})
}

// TestNoStreamKeyGoesToAnUntrustedServer: over TLS the key is sent after the handshake, which the certificate ends.
func TestNoStreamKeyGoesToAnUntrustedServer(t *testing.T) {
	certified := httptest.NewTLSServer(nil)
	certificates := certified.TLS.Certificates
	certified.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	var heard atomic.Int64
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n, _ := io.ReadAtLeast(c, make([]byte, 1), 1)
			heard.Add(int64(n))
			_ = c.Close()
		}
	})
	err = fails(t, t.Context(), FromURL("rtmps://"+l.Addr().String()+"/app/key"))
	_ = l.Close()
	serving.Wait()
	mustBe(t, err, models.ErrFile, "certificate", "SSL_CERT_FILE")
	if heard.Load() != 0 {
		t.Error("the server was spoken to")
	}
}

func TestSecretsOfAURLAppearNowhere(t *testing.T) {
	const secret = "Geheim77Geheim77"
	records := &logBuffer{}
	for name, url := range map[string]string{
		"password":     "http://user:" + secret + "@HOST/x",
		"query":        "http://HOST/x?token=" + secret,
		"bot token":    "http://HOST/file/bot123:" + secret + "/music/file_1.mp3",
		"path key":     "http://HOST/" + secret + "/x.mp3",
		"escaped":      "http://user:" + secret + "%21@HOST/x",
		"stream key":   "rtmp://HOST/live/" + secret,
		"bad password": "http://user:" + secret + "%zz@HOST/x",
		"newline":      "http://user:" + secret + "@HOST/x\n",
		"no scheme":    "user:" + secret + "@HOST/x",
		"bad scheme":   "gopher://user:" + secret + "@HOST/x",
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, nil)
			r := loggingRunner(t, records)
			err := fails(t, WithRunner(t.Context(), r), FromURL(strings.Replace(url, "HOST", s.Listener.Addr().String(), 1)))
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error: %v", err)
			}
		})
	}
	if text := records.String(); strings.Contains(text, secret) || !strings.Contains(text, "token=") {
		t.Errorf("the log:\n%s", text)
	}
}

func TestALiveStreamPlays(t *testing.T) {
	leak.Check(t)
	port := freePort(t)
	for name, c := range map[string]struct {
		url string
		out []string
	}{
		"rtmp": {"rtmp://127.0.0.1:" + port + "/live/song", []string{"-c:a", "aac", "-f", "flv", "-listen", "1", "rtmp://127.0.0.1:" + port + "/live/song"}},
		"srt":  {"srt://127.0.0.1:" + port, []string{"-c:a", "aac", "-f", "mpegts", "srt://127.0.0.1:" + port + "?mode=listener"}},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"-nostdin", "-v", "error", "-re", "-i", song}, c.out...)
			sender := exec.Command(ffmpegPath(t), args...)
			if err := sender.Start(); err != nil {
				t.Fatal(err)
			}
			defer sender.Wait()
			defer sender.Process.Kill()
			// The sender listens at some time after its start.
			deadline := time.Now().Add(patience)
			for {
				streams := open(t, t.Context(), FromURL(c.url))
				b := make([]byte, 4)
				n, err := streams.Audio.Read(b)
				if n == 4 && string(b) == "OggS" {
					return
				}
				if time.Now().After(deadline) {
					t.Fatalf("read %q, %v", b[:n], err)
				}
			}
		})
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func abs(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return filepath.ToSlash(path)
}
