package jsonparams_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pion/ice/v4"
	"github.com/pion/sdp/v3"

	"gotgcall/jsonparams"
)

func TestOffersAreWrittenAsTheGoldenFilesShow(t *testing.T) {
	for _, c := range []struct {
		golden, sample string
		options        jsonparams.OfferOptions
	}{
		{"offer-video", "R1-full-2021", jsonparams.OfferOptions{Video: true, SessionID: 4611686018427387904}},
		{"offer-audio", "R1-full-2021", jsonparams.OfferOptions{SessionID: 1}},
		{"offer-ice-lite", "R3-partial-2026", jsonparams.OfferOptions{Video: true, ICELite: true}},
		{"offer-srflx", "S2-numeric-candidate-fields", jsonparams.OfferOptions{Video: true}},
	} {
		t.Run(c.golden, func(t *testing.T) {
			offer := parse(t, sample(t, c.sample)).Offer(c.options)
			checkOffer(t, parse(t, sample(t, c.sample)), c.options, offer)
			golden(t, c.golden, strings.ReplaceAll(offer, "\r\n", "\n"))
		})
	}
}

// checkOffer checks what holds for the offer of any answer: it is SDP, its lines are those the options ask for and no others, and its
// candidates are read by pion as they were announced.
func checkOffer(t *testing.T, a *jsonparams.Answer, o jsonparams.OfferOptions, offer string) {
	t.Helper()
	var parsed sdp.SessionDescription
	if err := parsed.UnmarshalString(offer); err != nil {
		t.Fatalf("not SDP: %v\n%s", err, offer)
	}
	want := []string{"0"}
	number := 5 + 9 + len(a.Candidates) + 1 + 3 + 3 // session, transport, candidates and their end, extensions, opus
	if o.Video {
		want = []string{"0", "1"}
		number += 9 + 3 + 1 + 5 + 2 // transport, extensions, VP8, its feedback, rtx
	}
	if o.ICELite {
		number++
	}
	if got := strings.Count(offer, "\n"); got != number || strings.Count(offer, "\r\n") != number {
		t.Errorf("%d lines, want %d", got, number)
	}
	if strings.ContainsFunc(strings.ReplaceAll(offer, "\r\n", ""), func(r rune) bool { return r < ' ' || r > '~' }) {
		t.Errorf("control or foreign characters in %q", offer)
	}
	if group, _ := parsed.Attribute("group"); group != "BUNDLE "+strings.Join(want, " ") {
		t.Errorf("group %q", group)
	}
	if _, lite := parsed.Attribute("ice-lite"); lite != o.ICELite {
		t.Errorf("ice-lite %v", lite)
	}
	if len(parsed.MediaDescriptions) != len(want) {
		t.Fatalf("%d sections", len(parsed.MediaDescriptions))
	}
	strongest := a.Strongest()
	for i, m := range parsed.MediaDescriptions {
		for key, value := range map[string]string{
			"mid": want[i], "recvonly": "", "rtcp-mux": "", "setup": "active", "ice-ufrag": a.Ufrag, "ice-pwd": a.Pwd,
			"fingerprint": strongest.Hash + " " + strongest.Value,
		} {
			if got, ok := m.Attribute(key); !ok || got != value {
				t.Errorf("section %d: %s is %q (%v), want %q", i, key, got, ok, value)
			}
		}
	}
	checkCandidates(t, a, parsed.MediaDescriptions[0])
}

func checkCandidates(t *testing.T, a *jsonparams.Answer, m *sdp.MediaDescription) {
	t.Helper()
	var got []string
	for _, attribute := range m.Attributes {
		if !attribute.IsICECandidate() {
			continue
		}
		c, err := ice.UnmarshalCandidate(attribute.Value)
		if err != nil {
			t.Fatalf("pion does not read the candidate %q: %v", attribute.Value, err)
		}
		got = append(got, attribute.Value)
		if want := a.Candidates[len(got)-1]; c.Address() != want.Addr.String() || c.Port() != int(want.Port) ||
			c.Priority() != want.Priority || c.Type().String() != want.Type || c.Foundation() != want.Foundation {
			t.Errorf("pion reads %s, want %+v", c, want)
		}
	}
	if want := lines(a.Candidates); !slices.Equal(got, want) {
		t.Errorf("candidates %q\nwant %q", got, want)
	}
}

func TestTheOfferCarriesTheStrongestFingerprint(t *testing.T) {
	digest := func(hash, value string) any { return fields{"hash": hash, "fingerprint": value} }
	other := strings.Replace(sha256, "9A", "00", 1)
	for _, c := range []struct {
		name         string
		fingerprints []any
		want         string
		kept         int
	}{
		{"sha-256", []any{digest("sha-256", sha256)}, "sha-256 " + sha256, 1},
		{"sha-384 over sha-256", []any{digest("sha-256", sha256), digest("sha-384", sha384)}, "sha-384 " + sha384, 2},
		{"sha-512 over both", []any{digest("sha-384", sha384), digest("sha-512", sha512), digest("sha-256", sha256)}, "sha-512 " + sha512, 3},
		{"the first of two", []any{digest("sha-256", other), digest("sha-256", sha256)}, "sha-256 " + other, 2},
		{"once, when repeated", []any{digest("sha-256", sha256), digest("SHA-256", strings.ToLower(sha256))}, "sha-256 " + sha256, 1},
		{"none of an unknown hash", []any{digest("sha-1", "00"), digest("sha-256", sha256), digest("sha-1024", "x")}, "sha-256 " + sha256, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := parse(t, withFingerprints(c.fingerprints...))
			if offer := a.Offer(jsonparams.OfferOptions{}); strings.Count(offer, "a=fingerprint:"+c.want+"\r\n") != 1 ||
				strings.Count(offer, "a=fingerprint:") != 1 {
				t.Errorf("the offer does not carry %q alone:\n%s", c.want, offer)
			}
			if len(a.Fingerprints) != c.kept {
				t.Errorf("kept %v", a.Fingerprints)
			}
		})
	}
	if f := new(jsonparams.Answer).Strongest(); f != (jsonparams.Fingerprint{}) {
		t.Errorf("without fingerprints: %v", f)
	}
}
