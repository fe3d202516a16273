package jsonparams_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/sdp/v3"
	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"

	"gotgcall/jsonparams"
)

// newPeer returns a PeerConnection of the shape that answers the offer: credentials of ours, loopback only, an audio and a video track.
func newPeer(t *testing.T) *webrtc.PeerConnection {
	t.Helper()
	media := new(webrtc.MediaEngine)
	opus := webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeOpus, ClockRate: jsonparams.ClockRateOpus, Channels: jsonparams.ChannelsOpus, SDPFmtpLine: jsonparams.FmtpOpus,
		RTCPFeedback: []webrtc.RTCPFeedback{{Type: "transport-cc"}},
	}
	vp8 := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: jsonparams.ClockRateVP8, RTCPFeedback: []webrtc.RTCPFeedback{
		{Type: "goog-remb"}, {Type: "transport-cc"}, {Type: "ccm", Parameter: "fir"}, {Type: "nack"}, {Type: "nack", Parameter: "pli"},
	}}
	rtx := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: jsonparams.ClockRateVP8, SDPFmtpLine: jsonparams.FmtpRTX}
	for _, c := range []struct {
		codec webrtc.RTPCodecCapability
		pt    webrtc.PayloadType
		kind  webrtc.RTPCodecType
	}{
		{opus, jsonparams.PayloadTypeOpus, webrtc.RTPCodecTypeAudio},
		{vp8, jsonparams.PayloadTypeVP8, webrtc.RTPCodecTypeVideo},
		{rtx, jsonparams.PayloadTypeRTX, webrtc.RTPCodecTypeVideo},
	} {
		must(t, media.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: c.codec, PayloadType: c.pt}, c.kind))
	}
	for uri, kinds := range map[string][]webrtc.RTPCodecType{
		jsonparams.ExtAudioLevelURI:       {webrtc.RTPCodecTypeAudio},
		jsonparams.ExtAbsSendTimeURI:      {webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo},
		jsonparams.ExtTransportCCURI:      {webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo},
		jsonparams.ExtVideoOrientationURI: {webrtc.RTPCodecTypeVideo},
	} {
		for _, kind := range kinds {
			must(t, media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, kind))
		}
	}

	var settings webrtc.SettingEngine
	settings.SetICECredentials("localufrag", "localpasswordlocalpassword")
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	must(t, settings.SetAnsweringDTLSRole(webrtc.DTLSRoleServer))

	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	must(t, err)
	t.Cleanup(func() {
		if err := pc.GracefulClose(); err != nil {
			t.Error(err)
		}
	})
	for i, codec := range []webrtc.RTPCodecCapability{opus, vp8} {
		track, err := webrtc.NewTrackLocalStaticRTP(codec, fmt.Sprintf("track%d", i), "stream")
		must(t, err)
		_, err = pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		must(t, err)
	}
	return pc
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answerOf sets the offer as pc's remote description and returns pc's answer to it.
func answerOf(t *testing.T, pc *webrtc.PeerConnection, offer string) webrtc.SessionDescription {
	t.Helper()
	must(t, pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}))
	answer, err := pc.CreateAnswer(nil)
	must(t, err)
	return answer
}

// Nothing is sent here: a description that is not set as the local one starts no ICE, and the samples' addresses are not ours.
func TestPionAnswersEveryCapturedAnswersOffer(t *testing.T) {
	for name, result := range sampleResults {
		if result.err != nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			a := parse(t, sample(t, name))
			checkPionAnswer(t, answerOf(t, newPeer(t), a.Offer(jsonparams.OfferOptions{Video: true})), 2)
		})
	}
	t.Run("audio alone", func(t *testing.T) {
		a := parse(t, sample(t, "R1-full-2021"))
		checkPionAnswer(t, answerOf(t, newPeer(t), a.Offer(jsonparams.OfferOptions{})), 1)
	})
}

// checkPionAnswer checks that pion agreed to send, under the numbers the server knows, and as the DTLS server.
func checkPionAnswer(t *testing.T, answer webrtc.SessionDescription, sections int) {
	t.Helper()
	var parsed sdp.SessionDescription
	must(t, parsed.UnmarshalString(answer.SDP))
	if len(parsed.MediaDescriptions) != sections {
		t.Fatalf("%d sections, want %d:\n%s", len(parsed.MediaDescriptions), sections, answer.SDP)
	}
	for i, want := range []struct {
		formats    []string
		extensions []string
	}{
		{[]string{"111"}, []string{
			"1 " + jsonparams.ExtAudioLevelURI, "2 " + jsonparams.ExtAbsSendTimeURI, "3 " + jsonparams.ExtTransportCCURI,
		}},
		{[]string{"100", "101"}, []string{
			"13 " + jsonparams.ExtVideoOrientationURI, "2 " + jsonparams.ExtAbsSendTimeURI, "3 " + jsonparams.ExtTransportCCURI,
		}},
	}[:sections] {
		m := parsed.MediaDescriptions[i]
		if !slices.Equal(m.MediaName.Formats, want.formats) {
			t.Errorf("section %d: payload types %v, want %v", i, m.MediaName.Formats, want.formats)
		}
		var extensions []string
		for _, attribute := range m.Attributes {
			if attribute.Key == "extmap" {
				extensions = append(extensions, attribute.Value)
			}
		}
		slices.Sort(extensions)
		if !slices.Equal(extensions, want.extensions) {
			t.Errorf("section %d: extensions %q, want %q", i, extensions, want.extensions)
		}
		if _, ok := m.Attribute("sendonly"); !ok || m.MediaName.Port.Value == 0 {
			t.Errorf("section %d is not sent:\n%s", i, answer.SDP)
		}
		if setup, _ := m.Attribute("setup"); setup != "passive" {
			t.Errorf("section %d: setup %q, want passive", i, setup)
		}
		if mid, _ := m.Attribute("mid"); mid != fmt.Sprint(i) {
			t.Errorf("section %d: mid %q", i, mid)
		}
	}
}

func TestTheOfferDecidesPionsRoleInICE(t *testing.T) {
	for _, c := range []struct {
		name    string
		options jsonparams.OfferOptions
		want    stun.AttrType
	}{
		{"full agent: controlled", jsonparams.OfferOptions{Video: true}, stun.AttrICEControlled},
		{"lite agent: controlling", jsonparams.OfferOptions{Video: true, ICELite: true}, stun.AttrICEControlling},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			must(t, err)
			defer server.Close()
			port := server.LocalAddr().(*net.UDPAddr).Port
			data := withCandidates(plainCandidate(fields{"ip": "127.0.0.1", "port": port}))
			// The shortest ufrag that an answer may have does for pion too.
			data = strings.Replace(data, ufrag, "u", 1)
			a, err := jsonparams.ParseAnswer(data, jsonparams.ParseOptions{AllowLoopback: true})
			must(t, err)

			pc := newPeer(t)
			must(t, pc.SetLocalDescription(answerOf(t, pc, a.Offer(c.options))))

			request := readCheck(t, server)
			if !request.Contains(c.want) {
				t.Errorf("pion's first check has no %s:\n%s", c.want, request)
			}
			var username stun.Username
			must(t, username.GetFrom(request))
			if username.String() != "u:localufrag" {
				t.Errorf("user name %q", username)
			}
			if err := stun.NewShortTermIntegrity(a.Pwd).Check(request); err != nil {
				t.Errorf("the check is not signed with the answer's password: %v", err)
			}
		})
	}
}

// readCheck returns the first STUN message that arrives.
func readCheck(t *testing.T, server *net.UDPConn) *stun.Message {
	t.Helper()
	must(t, server.SetReadDeadline(time.Now().Add(30*time.Second)))
	buf := make([]byte, 1500)
	n, err := server.Read(buf)
	must(t, err)
	message := &stun.Message{Raw: buf[:n]}
	must(t, message.Decode())
	return message
}
