package media

import (
	"fmt"
	"regexp"
	"strings"
)

// unverified is what ffmpeg says of a certificate that it does not trust.
const unverified = "failed verification"

// complaints are what ffmpeg says and what there is to do about it. The first that fits is used.
var complaints = []struct{ text, advice string }{
	{"not on whitelist", "it refers to something that a source of this kind may not open: a file may not lead to the network, nor a URL to a file"},
	{"allowed_segment_extensions", "its playlist leads to something that does not look like a part of it by its name"},
	{"Unsafe file name", "it refers to a file outside its own folder"},
	{unverified, "the server's certificate is not trusted; if it should be, name a file with its authority in SSL_CERT_FILE"},
	{"Server returned", "the server does not give it out"},
	{"timed out", "the server does not answer"},
	{"Connection refused", "there is no server at this address"},
	{"Failed to resolve hostname", "its host name is not known"},
	{"Protocol not found", "this build of ffmpeg does not know the protocol"},
	{"Permission denied", "it may not be read by this user"},
}

// advice says in a few words what a source that ffmpeg refuses at once suffers from.
func advice(stderr string, e ending) string {
	switch {
	case !strings.Contains(stderr, "matches no streams"):
	case e.film:
		return "there is neither sound nor a picture in it"
	default:
		return "there is no sound in it"
	}
	if problem := filterProblem(stderr); problem != "" {
		return problem
	}
	for _, c := range complaints {
		if strings.Contains(stderr, c.text) {
			return c.advice
		}
	}
	if e.remote {
		return "there is nothing at this URL that ffmpeg can play"
	}
	return "it is not a media file that ffmpeg can play"
}

// unknownFilterRE and badFilterRE are how ffmpeg names the filter that it does not take, the latter in one way until version 5 and in another since.
var (
	unknownFilterRE = regexp.MustCompile(`No such filter: '([^']*)'`)
	badFilterRE     = regexp.MustCompile(`Error (?:initializing filter|applying option '[^']*' to filter) '([^']*)'`)
)

// filterProblem says which filter cannot be used, or returns "" when the filters are not what is wrong.
func filterProblem(stderr string) string {
	const options = ": check EncodeOptions.AudioFilter and VideoFilter"
	if m := unknownFilterRE.FindStringSubmatch(stderr); m != nil {
		return fmt.Sprintf("this build of ffmpeg has no filter %q"+options, m[1])
	}
	if m := badFilterRE.FindStringSubmatch(stderr); m != nil {
		return fmt.Sprintf("the filter %q cannot be used as it is given"+options, m[1])
	}
	if strings.Contains(stderr, "initializing filters") || strings.Contains(stderr, "initializing complex filters") {
		return "the filters cannot be used as they are given" + options
	}
	return ""
}

var missingEncoderRE = regexp.MustCompile(`Unknown encoder '([^']*)'`)

// missingEncoder returns the encoder that ffmpeg was asked for and does not have, or "".
func missingEncoder(stderr string) string {
	m := missingEncoderRE.FindStringSubmatch(stderr)
	if m == nil {
		return ""
	}
	return m[1]
}

var (
	// brokenRE is how ffmpeg reports that reading its input failed, after which it exits with 0 as if the input had ended: "URL: reason"
	// until version 6, "[in#0…] Error during demuxing: reason" since.
	brokenRE = regexp.MustCompile(`^(?:[^\[].*|\[in#.*demuxing): (Connection reset by peer|Connection timed out|Operation timed out|` +
		`Network is unreachable|No route to host|Host is unreachable|Input/output error)$`)
	// shortRE precedes an input/output error when less came than the server had announced. Where it announced nothing the number is
	// 2^64-1 and the end is the end.
	shortRE = regexp.MustCompile(`Stream ends prematurely at \d+, should be (\d+)`)
)

// brokenOff returns the reason why an input ended early, or "" if it did not.
func brokenOff(stderr string) string {
	lines := strings.Split(stderr, "\n")
	m := brokenRE.FindStringSubmatch(lines[len(lines)-1])
	if m == nil {
		return ""
	}
	if m[1] == "Input/output error" {
		short := shortRE.FindStringSubmatch(stderr)
		if len(short) < 2 || short[1] == "18446744073709551615" {
			return ""
		}
		return "the server closed the connection (" + short[0] + ")"
	}
	return m[1]
}
