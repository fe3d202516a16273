package jsonparams_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gotgcall/jsonparams"
)

// BenchmarkParseAnswer shows what an ordinary answer costs, and that no text of 64 KiB costs more than a few milliseconds.
func BenchmarkParseAnswer(b *testing.B) {
	// full is an answer whose list key is filled with item up to the limit.
	full := func(key, item string) string {
		return plainAnswer(func(transport fields) {
			transport[key] = json.RawMessage("[" + strings.Repeat(item+",", 64_500/(len(item)+1)) + item + "]")
		})
	}
	for _, c := range []struct{ name, data string }{
		{"captured", sample(b, "R1-full-2021")},
		{"brackets", strings.Repeat("[", jsonparams.MaxDataBytes)},
		{"candidates without address", full("candidates", "{}")},
		{"candidates with names", full("candidates", `{"ip":"x.local"}`)},
		{"good candidates", full("candidates", `{"ip":"10.0.0.1","port":1}`)},
		{"unknown hashes", full("fingerprints", "{}")},
		{"good fingerprints", full("fingerprints", `{"hash":"sha-256","fingerprint":"`+sha256+`"}`)},
		{"unread numbers", full("x", "1")},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.data)))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = jsonparams.ParseAnswer(c.data, jsonparams.ParseOptions{})
			}
		})
	}
}
