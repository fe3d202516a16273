// Command gen writes the piece of package score as a WAV file: 48,000 stereo samples of 16 bits per second, as long as wished.
//
//	go run ./testdata/gen -seconds 60 -o song.wav
package main

import (
	"flag"
	"fmt"
	"math"
	"os"

	"gotgcall/internal/score"
)

func main() {
	seconds := flag.Float64("seconds", 20, "length of the piece in seconds")
	out := flag.String("o", "-", "file to write; - is standard output")
	flag.Parse()
	if err := run(*seconds, *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(seconds float64, out string) error {
	samples := math.Round(seconds * score.Rate)
	if !(samples > 0 && samples <= score.MaxWAV) {
		return fmt.Errorf("-seconds %v: expected more than 0 and at most %d, all that a WAV file holds", seconds, score.MaxWAV/score.Rate)
	}
	if out == "-" {
		return score.WriteWAV(os.Stdout, int64(samples))
	}
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	if err := score.WriteWAV(file, int64(samples)); err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}
