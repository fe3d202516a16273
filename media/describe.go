package media

import "fmt"

// Describe names a source for logs and diagnoses, without the secrets in it.
func Describe(s Source) string {
	switch s := s.(type) {
	case *fileSource:
		return fmt.Sprintf("FromFile(%q)", s.path)
	case *liveURL:
		return s.describe()
	case *seekableURL:
		return s.describe()
	case *shellSource:
		return fmt.Sprintf("FromShell, %s", s.track)
	case *MultiShellSource:
		return fmt.Sprintf("FromShells, %s", s.Tracks())
	case *readerSource:
		return "FromReader"
	case *pcmSource:
		return "FromPCM"
	case *OpusSource:
		return "FromOpus"
	default:
		return fmt.Sprintf("%T", s)
	}
}

func (s *liveURL) describe() string {
	_, secrets, err := checkURL(s.url)
	if err != nil {
		return "FromURL"
	}
	return urlSubject(s.url, secrets)
}
