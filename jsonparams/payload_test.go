package jsonparams_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"gotgcall/jsonparams"
	"gotgcall/models"
)

// plainPayload is what a call with audio and video sends.
func plainPayload() jsonparams.JoinPayload {
	return jsonparams.JoinPayload{
		SSRC:         1482393846,
		Ufrag:        "aB3d",
		Pwd:          "Qw3rTy5uIoP7aSdF9gHjK+/x",
		Fingerprints: []jsonparams.Fingerprint{{Hash: "sha-256", Setup: "passive", Value: sha256}},
		SSRCGroups:   []jsonparams.SSRCGroup{{Semantics: "FID", Sources: []uint32{1021, 2147483647}}},
	}
}

func TestThePayloadIsWrittenAsOfficialClientsDo(t *testing.T) {
	audioOnly, negative, empty := plainPayload(), plainPayload(), jsonparams.JoinPayload{}
	audioOnly.SSRCGroups = nil
	negative.SSRC = 0x80000000
	negative.SSRCGroups[0].Sources = []uint32{math.MaxUint32, 0x80000001}
	for name, p := range map[string]jsonparams.JoinPayload{
		"payload-video": plainPayload(), "payload-audio": audioOnly, "payload-negative": negative, "payload-empty": empty,
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, p.Marshal()+"\n") })
	}
}

func TestAnSSRCIsWrittenAsTheSignedNumberWithItsBits(t *testing.T) {
	for ssrc, want := range map[uint32]int32{
		1: 1, math.MaxInt32: math.MaxInt32, 0x80000000: math.MinInt32, math.MaxUint32: -1, 3000000000: -1294967296,
	} {
		if got := jsonparams.SourceID(ssrc); got != want {
			t.Errorf("SourceID(%d) = %d, want %d", ssrc, got, want)
		}
	}
}

// payloadCase is a join payload and what becomes of it; the fuzz target starts from these too.
type payloadCase struct {
	name, data string
	fails      string // part of the error, or empty when the payload is accepted as plainPayload
}

func payloadCases() []payloadCase {
	// edited is the plain payload with one key's value replaced, or removed with nil.
	edited := func(key string, value any) string {
		p := fields{
			"ssrc": 1482393846, "ufrag": "aB3d", "pwd": "Qw3rTy5uIoP7aSdF9gHjK+/x",
			"fingerprints": []any{fields{"hash": "sha-256", "setup": "passive", "fingerprint": sha256}},
			"ssrc-groups":  []any{fields{"semantics": "FID", "sources": []any{1021, 2147483647}}},
		}
		if p[key] = value; value == nil {
			delete(p, key)
		}
		return encode(p)
	}
	digest := func(hash, setup, value string) any {
		return []any{fields{"hash": hash, "setup": setup, "fingerprint": value}}
	}
	group := func(semantics any, sources ...any) any {
		return []any{fields{"semantics": semantics, "sources": append([]any{}, sources...)}}
	}
	raw := func(ssrc string) string { return strings.Replace(edited("ssrc", 77), "77", ssrc, 1) }
	many := make([]any, jsonparams.MaxGroupSources+1)
	groups := make([]any, jsonparams.MaxSSRCGroups+1)
	for i := range many {
		many[i] = i + 1
		groups[i] = fields{"semantics": "SIM", "sources": []any{i + 1}}
	}
	return []payloadCase{
		{"plain", plainPayload().Marshal(), ""},
		{"extra keys", edited("payload-types", []any{}), ""},
		{"an unknown hash beside sha-256", edited("fingerprints", []any{fields{"hash": "sha-1", "fingerprint": 1},
			fields{"hash": "sha-256", "setup": "passive", "fingerprint": sha256}}), ""},

		{"empty", "", "empty"},
		{"null", "null", "it is null"},
		{"list", "[]", "it is a list"},
		{"truncated", plainPayload().Marshal()[:90], "not valid JSON"},
		{"key twice", `{"ssrc":1,"ssrc":2}`, `it has the key "ssrc" twice`},
		{"a group's key twice", `{"ssrc-groups":[{"sources":[],"sources":[]}],` + plainPayload().Marshal()[1:], `has the key "ssrc-groups" twice`},
		{"no ssrc", edited("ssrc", nil), "ssrc is missing"},
		{"ssrc 0", edited("ssrc", 0), "ssrc is 0"},
		{"ssrc as a string", edited("ssrc", "5"), "ssrc is a string"},
		{"ssrc unsigned", raw("2147483648"), "ssrc is 2147483648"},
		{"ssrc below", raw("-2147483649"), "ssrc is -2147483649"},
		{"ssrc huge", raw("99999999999999999999"), "ssrc is 99999999999999999999"},
		{"ssrc fraction", raw("1.5"), "ssrc is 1.5"},
		{"ssrc whole fraction", raw("1.0"), "ssrc is 1.0"},
		{"ssrc exponent", raw("1e3"), "ssrc is 1e3"},
		{"no ufrag", edited("ufrag", nil), "ufrag is missing"},
		{"ufrag short", edited("ufrag", "abc"), "ufrag has 3 characters, expected 4 to 256"},
		{"ufrag long", edited("ufrag", strings.Repeat("a", 257)), "ufrag has 257 characters"},
		{"ufrag foreign", edited("ufrag", "abc-"), "ufrag has a character at position 4"},
		{"no pwd", edited("pwd", nil), "pwd is missing"},
		{"pwd short", edited("pwd", strings.Repeat("a", 21)), "pwd has 21 characters, expected 22 to 256"},
		{"pwd long", edited("pwd", strings.Repeat("a", 257)), "pwd has 257 characters"},
		{"pwd foreign", edited("pwd", strings.Repeat("a", 21)+"ä"), "pwd has a character at position 22"},
		{"no fingerprints", edited("fingerprints", nil), "fingerprints is missing"},
		{"fingerprints empty", edited("fingerprints", []any{}), "fingerprints is an empty list"},
		{"fingerprints of another hash", edited("fingerprints", digest("sha-512", "passive", sha512)), "has no sha-256"},
		{"fingerprint short", edited("fingerprints", digest("sha-256", "passive", sha256[3:])), "92 characters instead of 95"},
		{"setup active", edited("fingerprints", digest("sha-256", "active", sha256)), `setup is "active", expected passive`},
		{"no setup", edited("fingerprints", digest("sha-256", "", sha256)), `setup is "", expected passive`},
		{"groups not a list", edited("ssrc-groups", fields{}), "ssrc-groups is an object"},
		{"group not an object", edited("ssrc-groups", []any{1}), "ssrc-groups[0] is a number"},
		{"no semantics", edited("ssrc-groups", group("")), `semantics is ""`},
		{"semantics a number", edited("ssrc-groups", group(1)), "semantics is 1"},
		{"sources not a list", edited("ssrc-groups", []any{fields{"semantics": "FID"}}), "sources is missing"},
		{"group of none", edited("ssrc-groups", group("SIM")), "has 0 sources"},
		{"FID of one", edited("ssrc-groups", group("FID", 5)), "has 1 sources"},
		{"FID of three", edited("ssrc-groups", group("FID", 5, 6, 7)), "has 3 sources"},
		{"FID of one twice", edited("ssrc-groups", group("FID", 5, 5)), "sources[1] repeats 5"},
		{"FID of audio and video", edited("ssrc-groups", group("FID", 1482393846, 5)), "is the audio's ssrc 1482393846"},
		{"source 0", edited("ssrc-groups", group("FID", 5, 0)), "sources[1] is 0"},
		{"source unsigned", edited("ssrc-groups", group("FID", 5, uint32(2147483648))), "sources[1] is 2147483648"},
		{"too many sources", edited("ssrc-groups", group("SIM", many...)), "has 17 sources"},
		{"too many groups", edited("ssrc-groups", groups), "has 17 groups"},
	}
}

func TestThePayloadIsReadStrictly(t *testing.T) {
	for _, c := range payloadCases() {
		t.Run(c.name, func(t *testing.T) {
			p, err := jsonparams.ParseJoinPayload(c.data)
			if c.fails == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				if !reflect.DeepEqual(p, plainPayload()) {
					t.Errorf("got %+v\nwant %+v", p, plainPayload())
				}
				return
			}
			if !errors.Is(err, models.ErrInvalidParams) {
				t.Fatalf("error %v is not ErrInvalidParams", err)
			}
			if !strings.Contains(err.Error(), c.fails) {
				t.Errorf("error %q does not say %q", err, c.fails)
			}
			if !reflect.DeepEqual(p, jsonparams.JoinPayload{}) {
				t.Errorf("an error comes with the value %+v", p)
			}
		})
	}
}

func TestAPayloadWithoutVideoIsRead(t *testing.T) {
	want := plainPayload()
	want.SSRCGroups = nil
	missing := want.Marshal()
	for name, data := range map[string]string{
		"missing": missing,
		"empty":   strings.TrimSuffix(missing, "}") + `,"ssrc-groups":[]}`,
		"null":    strings.TrimSuffix(missing, "}") + `,"ssrc-groups":null}`,
	} {
		if p, err := jsonparams.ParseJoinPayload(data); err != nil || !reflect.DeepEqual(p, want) {
			t.Errorf("groups %s: got %+v, %v", name, p, err)
		}
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	p := plainPayload()
	p.SSRC = math.MaxUint32
	p.SSRCGroups = []jsonparams.SSRCGroup{
		{Semantics: "SIM", Sources: []uint32{0x80000000, 2, 3}},
		{Semantics: "FID", Sources: []uint32{0x80000000, 12}},
	}
	if got, err := jsonparams.ParseJoinPayload(p.Marshal()); err != nil || !reflect.DeepEqual(got, p) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, p)
	}
}
