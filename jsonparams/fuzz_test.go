package jsonparams_test

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"gotgcall/jsonparams"
	"gotgcall/models"
)

// maxFuzzSeed keeps the megabytes of some cases out of the corpus, where mutating them would take all the time there is.
const maxFuzzSeed = 4 << 10

func FuzzParseAnswer(f *testing.F) {
	add := func(data string) {
		if len(data) <= maxFuzzSeed {
			f.Add(data, false)
			f.Add(data, true)
		}
	}
	for _, name := range sampleNames(f) {
		add(sample(f, name))
	}
	for _, c := range slices.Concat(acceptedAnswers(), refusedAnswers()) {
		add(c.data)
	}
	f.Fuzz(func(t *testing.T, data string, loopback bool) {
		options := jsonparams.ParseOptions{AllowLoopback: loopback}
		a, err := jsonparams.ParseAnswer(data, options)
		if err != nil {
			checkError(t, err)
			if a != nil {
				t.Error("an error comes with an answer")
			}
			return
		}
		checkAnswer(t, a, loopback)
		for _, o := range []jsonparams.OfferOptions{{}, {Video: true}, {Video: true, ICELite: true, SessionID: 1<<64 - 1}} {
			checkOffer(t, a, o, a.Offer(o))
		}

		// What was read, written out again, reads the same.
		again, err := jsonparams.ParseAnswer(write(a), options)
		if err != nil {
			t.Fatalf("not read again: %v", err)
		}
		a.Skipped = nil
		if !reflect.DeepEqual(a, again) {
			t.Errorf("read again as %+v\nbefore %+v", again, a)
		}
	})
}

// checkError checks what holds for every error.
func checkError(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	if !errors.Is(err, models.ErrInvalidParams) && !errors.Is(err, models.ErrUnsupportedCallMode) {
		t.Errorf("error %q is neither of the two", text)
	}
	if len(text) > 4<<10 || !utf8.ValidString(text) || strings.ContainsAny(text, "\r\n") {
		t.Errorf("error of %d bytes is not one readable line: %q", len(text), text)
	}
}

// checkAnswer checks the limits that Answer documents.
func checkAnswer(t *testing.T, a *jsonparams.Answer, loopback bool) {
	t.Helper()
	within := func(what string, n, least, most int) {
		if n < least || n > most {
			t.Errorf("%d %s, expected %d to %d", n, what, least, most)
		}
	}
	within("characters of ufrag", len(a.Ufrag), jsonparams.MinAnswerUfrag, jsonparams.MaxCredential)
	within("characters of pwd", len(a.Pwd), jsonparams.MinPwd, jsonparams.MaxCredential)
	within("candidates", len(a.Candidates), 1, jsonparams.MaxCandidates)
	within("server sources", len(a.ServerSources), 0, jsonparams.MaxServerSources)
	within("lines about skipped candidates", len(a.Skipped), 0, 33)
	within("fingerprints", len(a.Fingerprints), 1, jsonparams.MaxDataBytes)
	for _, f := range a.Fingerprints {
		length := map[string]int{"sha-256": 95, "sha-384": 143, "sha-512": 191}[f.Hash]
		within("characters of "+f.Hash, len(f.Value), length, length)
	}
	if !slices.Contains(a.Fingerprints, a.Strongest()) {
		t.Errorf("the strongest fingerprint %v is none of %v", a.Strongest(), a.Fingerprints)
	}
	for _, c := range a.Candidates {
		ip := c.Addr
		if !ip.IsValid() || ip.Zone() != "" || ip.Is4In6() || ip.IsUnspecified() || ip.IsMulticast() || ip.IsLinkLocalUnicast() ||
			ip.IsLoopback() && !loopback || c.Port == 0 || c.Component != 1 || c.Protocol != "udp" || c.Priority == 0 || c.Priority >= 1<<31 {
			t.Errorf("candidate %+v", c)
		}
	}
}

// write returns an answer as JSON, with every number a string.
func write(a *jsonparams.Answer) string {
	var fingerprints, candidates, sources []any
	for _, f := range a.Fingerprints {
		fingerprints = append(fingerprints, f)
	}
	for _, c := range a.Candidates {
		candidate := fields{
			"foundation": c.Foundation, "component": "1", "protocol": c.Protocol, "priority": strconv.Itoa(int(c.Priority)),
			"ip": c.Addr, "port": strconv.Itoa(int(c.Port)), "type": c.Type,
		}
		if c.RelAddr.IsValid() {
			candidate["rel-addr"], candidate["rel-port"] = c.RelAddr, strconv.Itoa(int(c.RelPort))
		}
		candidates = append(candidates, candidate)
	}
	for _, ssrc := range a.ServerSources {
		sources = append(sources, jsonparams.SourceID(ssrc))
	}
	return encode(fields{
		"transport": fields{"ufrag": a.Ufrag, "pwd": a.Pwd, "fingerprints": fingerprints, "candidates": candidates},
		"video":     fields{"endpoint": a.VideoEndpoint, "server_sources": sources},
	})
}

func FuzzParseJoinPayload(f *testing.F) {
	for _, c := range payloadCases() {
		if len(c.data) <= maxFuzzSeed {
			f.Add(c.data)
		}
	}
	f.Fuzz(func(t *testing.T, data string) {
		p, err := jsonparams.ParseJoinPayload(data)
		if err != nil {
			checkError(t, err)
			return
		}
		if p.SSRC == 0 || len(p.Ufrag) < jsonparams.MinUfrag || len(p.Pwd) < jsonparams.MinPwd || len(p.Fingerprints) == 0 {
			t.Errorf("accepted %+v", p)
		}
		again, err := jsonparams.ParseJoinPayload(p.Marshal())
		if err != nil {
			t.Fatalf("not read again: %v", err)
		}
		if !reflect.DeepEqual(p, again) {
			t.Errorf("read again as %+v\nbefore %+v", again, p)
		}
	})
}
