package media

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkVideoSettings encodes the same 20 s of 720p30 with the settings of a call, and with some of them changed. Of each it reports what
// ffmpeg took of one core at least to decode, filter and encode one second (cores), what came out (kbps) and how much the picture resembles
// the original (SSIM, of 1). docs/VIDEO.md has a table of it.
func BenchmarkVideoSettings(b *testing.B) {
	const seconds = 20
	clip := ordinaryFilm(b)
	for _, change := range []string{
		"-cpu-used -6", // as in a call
		"-cpu-used -4", "-cpu-used -8", "-cpu-used -10", "-cpu-used -12", "-cpu-used -16",
		"-cpu-used 4", "-cpu-used 8", "-cpu-used 16",
		"-threads 2", "-threads 2 -cpu-used 8",
		"-max-intra-rate 0",
	} {
		b.Run(strings.NewReplacer(" ", "=", " -", " ").Replace(change), func(b *testing.B) {
			// The clock stands still, so that a slow setting costs its price instead of pictures.
			args := command{
				input: input{class: classFile, target: fileTarget(clip)}, options: EncodeOptions{}.Complete(),
				shape: shape{picture: film}, clock: "0",
			}.args()
			out := filepath.Join(b.TempDir(), "out.ivf")
			pipe := len(args) - 1
			args = slices.Concat([]string{"-y"}, args[:pipe], strings.Fields(change), []string{out})
			least := time.Duration(math.MaxInt64)
			for range b.N {
				cmd := exec.Command(ffmpegPath(b), args...)
				if text, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v: %s", err, text)
				}
				least = min(least, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
			}
			b.StopTimer()
			size, err := os.Stat(out)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(least.Seconds()/seconds, "cores")
			b.ReportMetric(float64(size.Size())*8/1000/seconds, "kbps")
			b.ReportMetric(similarity(b, out, clip), "SSIM")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// ordinaryFilm makes 20 s of 1280×720 at 30 fps: a still of many details, a slow pan over it, a quick one, and a test card that moves, all
// of it with the grain of a camera.
func ordinaryFilm(b *testing.B) string {
	still := encode(b, "still.png", "-f", "lavfi", "-i", "mandelbrot=s=1920x1080:maxiter=700:start_scale=0.5", "-frames:v", "1")
	return encode(b, "film.mkv", "-loop", "1", "-t", "5", "-r", "30", "-i", still, "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30:d=5",
		"-filter_complex", "[0]split=3[a][b][c];[a]scale=1280:720[still];[b]crop=1280:720:2*n:n[pan];"+
			"[c]crop=1280:720:320+200*sin(n/20):180+100*sin(n/13)[quick];[still][pan][quick][1]concat=n=4,noise=alls=4:allf=t,format=yuv420p[v]",
		"-map", "[v]", "-c:v", "libx264", "-preset", "superfast", "-crf", "24")
}

var ssimAll = regexp.MustCompile(`SSIM .*All:([0-9.]+)`)

// similarity compares picture by picture.
func similarity(b *testing.B, file, with string) float64 {
	text, err := exec.Command(ffmpegPath(b), "-nostdin", "-i", file, "-i", with, "-lavfi",
		"[0]settb=AVTB,setpts=N/30/TB[a];[1]settb=AVTB,setpts=N/30/TB[b];[a][b]ssim", "-f", "null", "-").CombinedOutput()
	m := ssimAll.FindSubmatch(text)
	if err != nil || m == nil {
		b.Fatalf("comparing: %v: %s", err, text)
	}
	v, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return v
}
