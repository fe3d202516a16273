package main

import (
	"strconv"
	"strings"
	"testing"

	"github.com/pion/sdp/v3"

	"gotgcall"
	"gotgcall/jsonparams"
)

// payload is a real join payload.
func payload(t testing.TB) string {
	t.Helper()
	client, err := gotgcall.New(gotgcall.WithoutFFmpeg())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	text, err := client.CreateCall(chatID)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTheJoinPayloadBecomesAnOfferThatMakesThePageTheServer(t *testing.T) {
	text := payload(t)
	p, err := jsonparams.ParseJoinPayload(text)
	if err != nil {
		t.Fatal(err)
	}
	remote, err := offerOf(text)
	if err != nil {
		t.Fatal(err)
	}
	var d sdp.SessionDescription
	if err := d.UnmarshalString(remote); err != nil {
		t.Fatalf("%v\n%s", err, remote)
	}
	if bundle, _ := d.Attribute("group"); len(d.MediaDescriptions) != 2 || bundle != "BUNDLE 0 1" {
		t.Fatalf("%d sections, group %q", len(d.MediaDescriptions), bundle)
	}
	if _, lite := d.Attribute("ice-lite"); !lite {
		t.Error("the page would not be controlling")
	}
	for i, want := range []struct{ media, formats string }{{"audio", "111"}, {"video", "100 101"}} {
		m := d.MediaDescriptions[i]
		if m.MediaName.Media != want.media || strings.Join(m.MediaName.Formats, " ") != want.formats {
			t.Errorf("section %d is %s", i, m.MediaName.String())
		}
		for name, value := range map[string]string{
			"mid": strconv.Itoa(i), "setup": "passive", "ice-ufrag": p.Ufrag, "ice-pwd": p.Pwd, "fingerprint": p.Fingerprints[0].Hash + " " + p.Fingerprints[0].Value,
			"msid": "gotgcall " + want.media, // one stream: the page keeps the two in sync
		} {
			if got, _ := m.Attribute(name); got != value {
				t.Errorf("%s: a=%s:%s, want %s", want.media, name, got, value)
			}
		}
		if _, ok := m.Attribute("sendonly"); !ok {
			t.Errorf("%s is not sendonly", want.media)
		}
		if _, ok := m.Attribute("candidate"); ok {
			t.Errorf("%s has a candidate", want.media)
		}
	}
	video := p.SSRCGroups[0].Sources
	for _, part := range []string{
		"a=ssrc:" + strconv.FormatUint(uint64(p.SSRC), 10) + " ", "a=ssrc-group:FID " + strconv.FormatUint(uint64(video[0]), 10) + " " + strconv.FormatUint(uint64(video[1]), 10),
		"a=rtpmap:111 opus/48000/2", "a=rtpmap:100 VP8/90000", "a=fmtp:101 apt=100", "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level", "a=extmap:3 " + uriTransportCC,
	} {
		if !strings.Contains(remote, part) {
			t.Errorf("no %q in\n%s", part, remote)
		}
	}
}

func TestAPayloadThatIsNoneIsRefused(t *testing.T) {
	one := `{"ssrc":1,"ufrag":"abcd","pwd":"0123456789012345678901","fingerprints":[{"hash":"sha-256","setup":"passive","fingerprint":"` + digest + `"}],` +
		`"ssrc-groups":[{"semantics":"SIM","sources":[2,3]}]}`
	for _, text := range []string{"", "{}", one} {
		if remote, err := offerOf(text); err == nil {
			t.Errorf("%q became\n%s", text, remote)
		}
	}
}
