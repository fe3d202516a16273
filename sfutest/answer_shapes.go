package sfutest

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"
)

// NumericValues writes the candidates' port, component, priority, generation and network as numbers instead of strings.
func NumericValues(answer map[string]any) {
	for _, c := range list(object(answer, "transport"), "candidates") {
		c, _ := c.(map[string]any)
		for _, key := range []string{"port", "component", "priority", "generation", "network"} {
			if text, ok := c[key].(string); ok {
				if _, err := strconv.Atoi(text); err == nil {
					c[key] = json.Number(text)
				}
			}
		}
	}
}

// WithoutBlocks leaves out blocks of the answer: transport, audio, video.
func WithoutBlocks(names ...string) AnswerFunc {
	return func(answer map[string]any) {
		for _, n := range names {
			delete(answer, n)
		}
	}
}

// StreamAnswer is what the listener of a large chat gets: nothing can be published.
func StreamAnswer(answer map[string]any) {
	clear(answer)
	answer["stream"] = true
}

// RTMPAnswer is what an administrator of an RTMP livestream gets.
func RTMPAnswer(answer map[string]any) {
	clear(answer)
	maps.Copy(answer, map[string]any{
		"stream": true, "rtmp": true, "rtmp_stream_url": "rtmp://203.0.113.5:2400/live", "rtmp_stream_key": "sfutest-key",
	})
}

// NullTransport is the answer {"transport":null}.
func NullTransport(answer map[string]any) {
	clear(answer)
	answer["transport"] = nil
}

// EmptyParameters writes every payload type's parameters as an empty list, as a serializer does that takes an empty object for one.
func EmptyParameters(answer map[string]any) {
	for _, p := range payloadTypes(answer) {
		p["parameters"] = []any{}
	}
}

// VP8Clock9000 gives VP8 the clock rate 9000, as production was seen to do.
func VP8Clock9000(answer map[string]any) {
	for _, p := range payloadTypes(answer) {
		if p["name"] == "VP8" {
			p["clockrate"] = 9000
		}
	}
}

// NoChannels leaves out the payload types' number of channels.
func NoChannels(answer map[string]any) {
	for _, p := range payloadTypes(answer) {
		delete(p, "channels")
	}
}

// ExtraCandidates puts candidates before the server's own ones, or after them, such as {"ip": "192.0.2.1", "port": "9", "protocol": "udp"}.
func ExtraCandidates(before bool, candidates ...map[string]any) AnswerFunc {
	return func(answer map[string]any) {
		transport := object(answer, "transport")
		if transport == nil {
			return
		}
		var extra []any
		for _, c := range candidates {
			extra = append(extra, c)
		}
		own := list(transport, "candidates")
		if before {
			transport["candidates"] = append(extra, own...)
		} else {
			transport["candidates"] = append(own[:len(own):len(own)], extra...)
		}
	}
}

// Passive writes setup "passive" beside the fingerprints, as production does although it acts as the DTLS client.
func Passive(answer map[string]any) {
	for _, f := range list(object(answer, "transport"), "fingerprints") {
		f, _ := f.(map[string]any)
		f["setup"] = "passive"
	}
}

// TruncatedAnswer cuts an answer in the middle, for WithAnswerText.
func TruncatedAnswer(answer string) string { return strings.Clone(answer[:len(answer)/2]) }

func object(m map[string]any, key string) map[string]any {
	o, _ := m[key].(map[string]any)
	return o
}

func list(m map[string]any, key string) []any {
	l, _ := m[key].([]any)
	return l
}

// payloadTypes returns those of audio and video.
func payloadTypes(answer map[string]any) []map[string]any {
	var all []map[string]any
	for _, block := range []string{"audio", "video"} {
		for _, p := range list(object(answer, block), "payload-types") {
			if p, ok := p.(map[string]any); ok {
				all = append(all, p)
			}
		}
	}
	return all
}
