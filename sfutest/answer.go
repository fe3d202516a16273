package sfutest

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"gotgcall/jsonparams"
)

// AnswerFunc changes an answer before it becomes JSON. The answer is what encoding/json makes of one: objects are map[string]any,
// lists []any; numbers may be of any Go type.
type AnswerFunc func(answer map[string]any)

// WithAnswer changes every answer of Join by these functions, in this order: ready-made ones of this package, or your own.
func WithAnswer(f ...AnswerFunc) Option {
	return func(c *config) error {
		c.answer = append(c.answer, f...)
		return nil
	}
}

// WithAnswerText changes the text of every answer, after the functions of WithAnswer: [TruncatedAnswer], or your own.
func WithAnswerText(f func(string) string) Option {
	return func(c *config) error {
		c.answerText = f
		return nil
	}
}

// answerFor writes the answer to a join in the shape that production has (docs/WIRE.md §2).
func (s *Server) answerFor(e *Endpoint) (string, error) {
	answer := map[string]any{"transport": s.transportBlock(e), "audio": audioBlock(), "video": videoBlock(e)}
	for _, f := range s.cfg.answer {
		f(answer)
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return "", fmt.Errorf("sfutest: the answer as changed by WithAnswer: %w", err)
	}
	if s.cfg.answerText != nil {
		return s.cfg.answerText(string(data)), nil
	}
	return string(data), nil
}

func (s *Server) transportBlock(e *Endpoint) map[string]any {
	var prints []any
	for _, hash := range s.certs.order {
		prints = append(prints, map[string]any{"hash": hash, "setup": "active", "fingerprint": s.certs.announced[hash]})
	}
	addrs := s.Addrs()
	slices.SortStableFunc(addrs, func(a, b netip.AddrPort) int { return b.Addr().BitLen() - a.Addr().BitLen() }) // IPv6 first
	var candidates []any
	for i, a := range addrs {
		candidates = append(candidates, map[string]any{
			"ip": a.Addr().String(), "port": strconv.Itoa(int(a.Port())), "protocol": "udp", "type": "host", "component": "1",
			"generation": "0", "network": "0", "priority": "2130706431", "foundation": strconv.Itoa(i + 1), "id": randomText(24),
		})
	}
	return map[string]any{
		"xmlns": "urn:xmpp:jingle:transports:ice-udp:1", "rtcp-mux": true, "ufrag": e.ufrag, "pwd": e.pwd,
		"fingerprints": prints, "candidates": candidates,
	}
}

func audioBlock() map[string]any {
	return map[string]any{
		"payload-types": []any{
			map[string]any{
				"id": jsonparams.PayloadTypeOpus, "name": "opus", "clockrate": jsonparams.ClockRateOpus, "channels": jsonparams.ChannelsOpus,
				"parameters": map[string]any{"minptime": 10, "useinbandfec": 1}, "rtcp-fbs": feedbackTypes("transport-cc"),
			},
			map[string]any{"id": 126, "name": "telephone-event", "clockrate": 8000, "channels": 1},
		},
		"rtp-hdrexts": []any{
			extensionEntry(jsonparams.ExtAudioLevel, jsonparams.ExtAudioLevelURI),
			extensionEntry(jsonparams.ExtAbsSendTime, jsonparams.ExtAbsSendTimeURI),
			extensionEntry(jsonparams.ExtTransportCC, jsonparams.ExtTransportCCURI),
		},
	}
}

func videoBlock(e *Endpoint) map[string]any {
	return map[string]any{
		"endpoint":       e.videoID,
		"server_sources": []any{jsonparams.SourceID(e.feedbackSSRC)},
		"payload-types": []any{
			map[string]any{
				"id": jsonparams.PayloadTypeVP8, "name": "VP8", "clockrate": jsonparams.ClockRateVP8, "channels": 1,
				"parameters": map[string]any{"fmtp": "x-google-start-bitrate=800"},
				"rtcp-fbs":   feedbackTypes("goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"),
			},
			map[string]any{
				"id": jsonparams.PayloadTypeRTX, "name": "rtx", "clockrate": jsonparams.ClockRateVP8,
				"parameters": map[string]any{"apt": strconv.Itoa(jsonparams.PayloadTypeVP8)},
			},
		},
		"rtp-hdrexts": []any{
			extensionEntry(jsonparams.ExtAbsSendTime, jsonparams.ExtAbsSendTimeURI),
			extensionEntry(jsonparams.ExtTransportCC, jsonparams.ExtTransportCCURI),
			extensionEntry(jsonparams.ExtVideoOrientation, jsonparams.ExtVideoOrientationURI),
		},
	}
}

func extensionEntry(id int, uri string) map[string]any { return map[string]any{"id": id, "uri": uri} }

// feedbackTypes makes the list of RTCP feedback, each entry "type" or "type subtype".
func feedbackTypes(names ...string) []any {
	var list []any
	for _, n := range names {
		entry := map[string]any{}
		if t, sub, ok := strings.Cut(n, " "); ok {
			entry["type"], entry["subtype"] = t, sub
		} else {
			entry["type"] = n
		}
		list = append(list, entry)
	}
	return list
}

// randomText returns n characters of [0-9a-v], the alphabet of the server's credentials.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	for i, v := range b {
		b[i] = "0123456789abcdefghijklmnopqrstuv"[v%32]
	}
	return string(b)
}

// randomSSRC returns one as official clients draw it: 31 bits, and not 0.
func randomSSRC() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.BigEndian.Uint32(b[:])>>1 | 1
}
