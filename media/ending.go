package media

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"gotgcall/internal/ffmpeg"
	"gotgcall/models"
)

// ending words the end of a source's process.
type ending struct {
	subject string // the source as the program wrote it, secrets masked: FromFile("song.mp3")
	// command is set when the command is the program's own: a failure is then the command's, not that of a file.
	command bool
	// remote is set when the media come over a network, which may break off in the middle.
	remote bool
	// sought is set when the source was not opened at its beginning: then there may be nothing left.
	sought bool
	// film is set when a picture was asked for too.
	film bool
	// liveness knows of a URL what it is; nil for everything else.
	liveness *Liveness
}

// exited is the end with exit code 0.
func (e ending) exited(began bool, stderr string) error {
	if !began && !e.sought {
		if !e.command && stderr == "" { // an ffmpeg writes the header of an empty song, or says what is wrong
			return fmt.Errorf("%w: %s: what was started in ffmpeg's place ended without any output and without a word: give the path of an ffmpeg with WithFFmpegPath",
				models.ErrFFmpegSpawn, e.subject)
		}
		return fmt.Errorf("%w: %s: nothing to play: it ended without any output%s", models.ErrFile, e.subject, lastWords(stderr))
	}
	reason := ""
	switch {
	case !e.remote:
	case brokenOff(stderr) != "":
		reason = brokenOff(stderr)
	case e.liveness.Nature() == Station:
		reason = "the station has closed the connection"
	case e.liveness.Nature() == LivePlaylist && e.liveness.lost.Load():
		reason = "its playlist is not to be had any more"
	}
	if reason == "" {
		return io.EOF
	}
	return fmt.Errorf("%w: %s: %w: %s", models.ErrFile, e.subject, errBrokeOff, reason)
}

// failed is every other end. err is the whole error of which exit is a part.
func (e ending) failed(began bool, exit *ffmpeg.ExitError, err error) error {
	filters := filterProblem(exit.Stderr)
	switch {
	case exit.Signal != "" || exit.Limit != "" || exit.Unwrap() != nil:
		return err
	case began && filters != "" && !e.command: // the sound of a film begins before its picture's filters are set up
		return fmt.Errorf("%w: %s: %s: %w", models.ErrFFmpegCrashed, e.subject, filters, exit)
	case began:
		return err
	case missingEncoder(exit.Stderr) != "":
		return noEncoder(e.subject, missingEncoder(exit.Stderr), exit)
	case e.command:
		return err
	}
	return fmt.Errorf("%w: %s: %s: %w", models.ErrFile, e.subject, advice(exit.Stderr, e), exit)
}

// lastWords appends what a program said to a sentence.
func lastWords(stderr string) string {
	lines := strings.Split(stderr, "\n")
	last := strings.Join(lines[max(0, len(lines)-3):], "; ")
	if last == "" {
		return ""
	}
	return "; it said: " + last
}

// ErrNoEncoder is wrapped by the errors of an ffmpeg that was built without an encoder: trying again does not help.
var ErrNoEncoder = errors.New("gotgcall: an encoder is missing")

// noEncoder says what there is to do about a build of ffmpeg that lacks an encoder.
func noEncoder(subject, name string, exit *ffmpeg.ExitError) error {
	return fmt.Errorf("%w: %w: %s: this build of ffmpeg has no encoder %q: install one made with it (the packages of Debian, Ubuntu, Alpine,"+
		" Fedora's RPM Fusion and Homebrew are; ffmpeg -encoders lists it), or give the path of another with WithFFmpegPath: %w",
		models.ErrFFmpegSpawn, ErrNoEncoder, subject, name, exit)
}
