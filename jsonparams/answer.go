package jsonparams

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"gotgcall/models"
)

// Answer is what the server tells a participant that joined: where it is reached, and how it proves itself. [ParseAnswer] makes one.
//
// Payload types and header extensions are not in it. They are the same for everybody in every call (docs/WIRE.md §5), and what answers
// say about them varies from server to server without meaning anything.
type Answer struct {
	// Ufrag and Pwd are the server's ICE credentials: 1 to 256 and 22 to 256 characters of A-Z a-z 0-9 + /.
	Ufrag, Pwd string
	// Fingerprints are the announced hashes of the server's DTLS certificate, at least one, all of known hash functions.
	Fingerprints []Fingerprint
	// Candidates are the usable addresses in the server's order: 1 to 32.
	Candidates []Candidate
	// Skipped says of the candidates left out why: at most 32 lines and one that counts the rest. It is for logs.
	Skipped []string
	// VideoEndpoint is the name by which the server knows our video, and empty when the answer has none.
	VideoEndpoint string
	// ServerSources are SSRCs on which the server sends probing packets towards us: at most 32.
	ServerSources []uint32
}

// ParseOptions says what ParseAnswer accepts. The zero value is right for Telegram.
type ParseOptions struct {
	// AllowLoopback also takes candidates in 127.0.0.0/8 and ::1, for servers that run beside a test. It defaults to false: an answer
	// must not make a bot talk to services of its own machine.
	AllowLoopback bool
}

// ParseAnswer reads the server's answer: the data of the params in updateGroupCallConnection, whole and unchanged.
//
// It is liberal in what means nothing: keys may stand in any order, unknown ones are ignored, audio and video may be missing, a
// candidate's numbers may be strings. It is strict in what is needed: transport with ufrag, pwd, at least one fingerprint of a known hash
// and one candidate that is a UDP address on the internet (see [Candidate] for what is skipped and filled in).
//
// The error is models.ErrUnsupportedCallMode for a call nobody can publish into, and models.ErrInvalidParams for everything else:
// JSON that is not valid or longer than [MaxDataBytes], a key that stands twice in an object that is read, a value that is missing or
// wrong. The text names the value. It never holds the password or an RTMP stream key.
func ParseAnswer(data string, o ParseOptions) (*Answer, error) {
	a, err := readAnswer(data, o)
	if err == nil || errors.Is(err, models.ErrUnsupportedCallMode) {
		return a, err
	}
	return nil, fmt.Errorf("%w: the server's answer: %w; pass on the params of updateGroupCallConnection unchanged; if they were "+
		"unchanged, join again", models.ErrInvalidParams, err)
}

func readAnswer(data string, o ParseOptions) (*Answer, error) {
	root, err := parseDocument(data)
	if err != nil {
		return nil, err
	}
	if err := checkMode(root); err != nil {
		return nil, err
	}
	transport, err := root["transport"].object("transport")
	if err != nil {
		return nil, err
	}
	a := new(Answer)
	if err := a.readTransport(transport, o); err != nil {
		return nil, err
	}
	if err := a.readVideo(root["video"]); err != nil {
		return nil, err
	}
	return a, nil
}

// checkMode returns models.ErrUnsupportedCallMode for the two kinds of answers that carry no transport for us. Nothing of their content is
// shown: an administrator's answer holds the key of the livestream.
func checkMode(root object) error {
	switch {
	case root["rtmp"] == "true":
		return fmt.Errorf("%w: the server's answer says \"rtmp\":true, the call is an RTMP livestream: push to the address that "+
			"phone.getGroupCallStreamRtmpUrl gives an administrator, or start an ordinary call", models.ErrUnsupportedCallMode)
	case root["stream"] == "true":
		return fmt.Errorf("%w: the server's answer says \"stream\":true, this account is only a listener of a large call: let an "+
			"administrator allow it to speak, then join again", models.ErrUnsupportedCallMode)
	}
	return nil
}

func (a *Answer) readTransport(fields object, o ParseOptions) (err error) {
	if a.Ufrag, err = readCredential(fields["ufrag"], "transport.ufrag", MinAnswerUfrag); err != nil {
		return err
	}
	if a.Pwd, err = readCredential(fields["pwd"], "transport.pwd", MinPwd); err != nil {
		return err
	}
	if a.Fingerprints, err = readFingerprints(fields["fingerprints"], "transport.fingerprints"); err != nil {
		return err
	}
	if a.Candidates, a.Skipped, err = readCandidates(fields["candidates"], "transport.candidates", o); err != nil {
		return err
	}
	if len(a.Candidates) == 0 {
		return noCandidate(a.Skipped)
	}
	return nil
}

func noCandidate(skipped []string) error {
	if len(skipped) == 0 {
		return errors.New("transport.candidates is an empty list, expected at least one UDP address")
	}
	return fmt.Errorf("transport.candidates has no usable UDP address: %s", some(skipped))
}

// some joins the first items of a list that a foreign text can make long.
func some(items []string) string {
	const most = 8
	if len(items) <= most {
		return strings.Join(items, ", ")
	}
	return strings.Join(items[:most], ", ") + " … (" + strconv.Itoa(len(items)) + " in all)"
}

// readVideo takes from the video block what it finds there. No call depends on it: what is of another type is left out.
func (a *Answer) readVideo(v value) error {
	if v.kind() != kindObject {
		return nil
	}
	fields, err := v.object("video")
	if err != nil {
		return err
	}
	const maxEndpoint = 256
	if endpoint := fields["endpoint"].text(); len(endpoint) <= maxEndpoint {
		a.VideoEndpoint = endpoint
	}
	for _, item := range fields["server_sources"].list() {
		if len(a.ServerSources) == MaxServerSources {
			break
		}
		if ssrc := item.ssrc(); ssrc != 0 {
			a.ServerSources = append(a.ServerSources, ssrc)
		}
	}
	return nil
}

// Strongest returns the fingerprint of the strongest hash: sha-512 before sha-384 before sha-256, and the first of several. It is the one
// that the offer carries, because pion checks the certificate against one only. The zero Fingerprint is returned for an Answer that
// has none, which ParseAnswer never makes.
func (a *Answer) Strongest() Fingerprint {
	var best Fingerprint
	for _, f := range a.Fingerprints {
		if s := hashStrength(f.Hash); best.Hash == "" || s >= 0 && s < hashStrength(best.Hash) {
			best = f
		}
	}
	return best
}
