package jsonparams_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotgcall/jsonparams"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// golden compares got with a file of testdata, or writes it under -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if got != string(want) {
		t.Errorf("differs from %s (go test -update accepts the change)\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

// Made-up credentials and digests of the right form.
const (
	ufrag  = "bvr6j1fkri6020"
	pwd    = "1k7vls8kb2tr4eu093jkalphcq"
	sha256 = "9A:18:A4:DF:6A:11:EA:E5:BF:E3:8A:18:E7:69:3D:7B:42:D8:9D:32:2F:57:7B:3D:6E:09:6C:A7:45:D7:78:0D"
)

var (
	sha384 = sha256[:47] + ":" + sha256
	sha512 = sha256 + ":" + sha256
)

// fields is a JSON object under construction.
type fields = map[string]any

// plainAnswer is an ordinary answer; edit changes its transport.
func plainAnswer(edit func(transport fields)) string {
	transport := fields{
		"ufrag":        ufrag,
		"pwd":          pwd,
		"fingerprints": []any{fields{"hash": "sha-256", "setup": "passive", "fingerprint": sha256}},
		"candidates":   []any{plainCandidate(nil)},
	}
	if edit != nil {
		edit(transport)
	}
	return encode(fields{"transport": transport})
}

// plainCandidate is a candidate as the production server writes it, with the fields of edit laid over it; a nil field is removed.
func plainCandidate(edit fields) fields {
	c := fields{
		"generation": "0", "component": "1", "protocol": "udp", "port": "32000", "ip": "203.0.113.103", "foundation": "2",
		"id": "2b603f7dbaff65706a0c113e", "priority": "2130706431", "type": "host", "network": "0",
	}
	for key, value := range edit {
		if value == nil {
			delete(c, key)
		} else {
			c[key] = value
		}
	}
	return c
}

// withCandidates is an answer with these candidates.
func withCandidates(candidates ...any) string {
	return plainAnswer(func(transport fields) { transport["candidates"] = append([]any{}, candidates...) })
}

// withFingerprints is an answer with these fingerprints.
func withFingerprints(fingerprints ...any) string {
	return plainAnswer(func(transport fields) { transport["fingerprints"] = append([]any{}, fingerprints...) })
}

func encode(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// sample reads a file of the captured answers.
func sample(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "answers", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// sampleNames lists the captured answers.
func sampleNames(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "testdata", "answers", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no captured answers found: %v", err)
	}
	for i, path := range paths {
		paths[i] = strings.TrimSuffix(filepath.Base(path), ".json")
	}
	return paths
}

func parse(t testing.TB, data string) *jsonparams.Answer {
	t.Helper()
	a, err := jsonparams.ParseAnswer(data, jsonparams.ParseOptions{})
	if err != nil {
		t.Fatalf("ParseAnswer: %v", err)
	}
	return a
}
