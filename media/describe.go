package media

import (
	"fmt"
	"strings"

	"gotgcall/internal/ffmpeg"
)

// Describe names a source for logs and diagnoses, without the secrets in it.
func Describe(s Source) string {
	switch s.(type) {
	case *fileSource, *liveURL, *seekableURL, *shellSource, *MultiShellSource, *readerSource, *pcmSource, *OpusSource:
		return fmt.Sprint(s)
	default:
		return fmt.Sprintf("%T", s) // what a program's own source prints may be secret
	}
}

// fileSubject names a file. What may be a URL that was given in its place is shown without its secrets.
func fileSubject(path string) string {
	if strings.HasPrefix(path[len(schemeOf(path)):], "://") {
		path = ffmpeg.Redact(path)
	}
	return fmt.Sprintf("FromFile(%q)", path)
}

// GoString is String also for %#v, here and below: nothing that prints a source shows its secrets.
func (s *fileSource) GoString() string { return s.String() }

// GoString is as that of the others.
func (s *liveURL) GoString() string { return s.String() }

// GoString is as that of the others.
func (s *shellSource) GoString() string { return s.String() }

// GoString is as that of the others.
func (s *MultiShellSource) GoString() string { return s.String() }

// String names the file. Options, here and below, may have secrets: programs that log what they play do not show them.
func (s *fileSource) String() string { return fileSubject(s.path) }

// String names the source without the secrets of its URL.
func (s *liveURL) String() string {
	_, secrets, err := checkURL(s.url)
	if err != nil {
		return "FromURL"
	}
	return urlSubject(s.url, secrets)
}

// String names the source without its command, any word of which may be secret.
func (s *shellSource) String() string { return fmt.Sprintf("FromShell, %s", s.track) }

// String names the source without its commands, any word of which may be secret.
func (s *MultiShellSource) String() string { return fmt.Sprintf("FromShells, %s", s.Tracks()) }

// String names the source.
func (s *readerSource) String() string { return "FromReader" }

// String names the source.
func (s *pcmSource) String() string { return "FromPCM" }

// String names the source.
func (s *OpusSource) String() string { return "FromOpus" }
