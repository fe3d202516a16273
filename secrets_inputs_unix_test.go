//go:build unix

package gotgcall_test

import (
	"net/url"

	"gotgcall"
)

// plants are the ways in which a secret comes to the library, by the input that takes it: a function, an option, or a field.
var plants = []struct {
	input, name string
	plant       func(g *gossip, secret string)
}{
	{"FromURL", "password", func(g *gossip, s string) { g.play(gotgcall.FromURL("http://bob:" + s + "@" + g.web + "/x")) }},
	{"FromURL", "query", func(g *gossip, s string) { g.play(gotgcall.FromURL("http://" + g.web + "/x?token=" + s + "&b=1")) }},
	{"FromURL", "escaped query", func(g *gossip, s string) { g.play(gotgcall.FromURL("http://" + g.web + "/x?token=%2F" + s + "%21")) }},
	{"FromURL", "bot token", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("http://" + g.web + "/file/bot123456:" + s + "/song.mp3"))
	}},
	{"FromURL", "key in the path", func(g *gossip, s string) { g.play(gotgcall.FromURL("http://" + g.web + "/" + s + "0123456789/x")) }},
	{"FromURL", "fragment", func(g *gossip, s string) { g.play(gotgcall.FromURL("http://" + g.web + "/x#" + s)) }},
	{"FromURL", "without a first request", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("http://bob:"+s+"@"+g.web+"/x?token="+s, gotgcall.EncodeOptions{Passthrough: gotgcall.PassthroughNever}))
	}},
	{"FromURL", "with first requests alone", func(g *gossip, s string) {
		for _, server := range []string{"http://bob:" + s + "@" + g.web, "http://bob:" + s + "@" + g.closed, "http://" + g.deaf, "https://" + g.tls} {
			g.play(gotgcall.FromURL(server+"/"+s+"0123456789?token="+s, gotgcall.EncodeOptions{
				Passthrough: gotgcall.PassthroughRequired, Headers: map[string]string{"Authorization": "Bearer " + s}, Cookies: "a=" + s,
			}))
		}
	}},
	{"FromURL", "film", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("http://bob:"+s+"@"+g.web+"/x?token="+s), gotgcall.EncodeOptions{Tracks: gotgcall.TrackVideo})
	}},
	{"FromURL", "https", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("https://bob:" + s + "@" + g.tls + "/x?token=" + s))
	}},
	{"FromURL", "nobody there", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("http://bob:" + s + "@" + g.closed + "/x?token=" + s))
	}},
	{"FromURL", "rtmp", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("rtmp://bob:" + s + "@" + g.closed + "/live/" + s + "?k=" + s))
	}},
	{"FromURL", "rtsp", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("rtsp://bob:" + s + "@" + g.closed + "/live?k=" + s))
	}},
	{"FromURL", "srt", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("srt://" + g.closed + "?passphrase=" + s + "&streamid=" + s + "&connect_timeout=300"))
	}},
	{"FromURL", "bad escape", func(g *gossip, s string) { g.play(gotgcall.FromURL("http://bob:" + s + "%zz@" + g.web + "/x?" + s)) }},
	{"FromURL", "line break", func(g *gossip, s string) { g.play(gotgcall.FromURL("http://bob:" + s + "@" + g.web + "/x\n" + s)) }},
	{"FromURL", "no scheme", func(g *gossip, s string) { g.play(gotgcall.FromURL("bob:" + s + "@" + g.web + "/x?" + s)) }},
	{"FromURL", "another scheme", func(g *gossip, s string) { g.play(gotgcall.FromURL("gopher://bob:" + s + "@" + g.web + "/x?" + s)) }},
	{"FromURL", "bad port", func(g *gossip, s string) { g.play(gotgcall.FromURL("http://bob:" + s + "@host:99999/x?" + s)) }},
	{"WithURLPolicy", "refused", func(g *gossip, s string) {
		u := "refused.example/live/" + s + "?token=" + s
		g.play(gotgcall.FromURL("http://bob:" + s + "@refused.example/?token=" + s))
		g.say(g.client.StartRTMP(g.chats.Add(1), "rtmp://"+u))
	}},
	{"PublicHosts", "refused", func(g *gossip, s string) {
		for _, host := range []string{"127.0.0.1", "localhost", "2130706433"} {
			g.say(gotgcall.PublicHosts(&url.URL{Scheme: "http", User: url.UserPassword("bob", s), Host: host, Path: "/" + s, RawQuery: "k=" + s}))
		}
	}},
	{"EncodeOptions.Headers", "Authorization", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("http://"+g.web+"/x", gotgcall.EncodeOptions{Headers: map[string]string{"Authorization": "Bearer " + s, "X-Key": s + "x"}}))
	}},
	{"EncodeOptions.Headers", "for ffmpeg alone", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("http://"+g.web+"/x"), gotgcall.EncodeOptions{Headers: map[string]string{"X-Key": s}, Passthrough: gotgcall.PassthroughNever})
	}},
	{"EncodeOptions.Headers", "not a header", func(g *gossip, s string) {
		for name, value := range map[string]string{"X-Key": s + "\n", "Authorization: " + s: "", "X " + s: s} {
			g.play(gotgcall.FromURL("http://"+g.web+"/x", gotgcall.EncodeOptions{Headers: map[string]string{name: value}}))
		}
	}},
	{"EncodeOptions.Cookies", "value", func(g *gossip, s string) {
		g.play(gotgcall.FromURL("http://"+g.web+"/x", gotgcall.EncodeOptions{Cookies: "session=" + s + "; theme=dark"}))
		g.play(gotgcall.FromURL("http://"+g.web+"/x", gotgcall.EncodeOptions{Cookies: "session " + s}))
	}},
	{"EncodeOptions.Proxy", "password", func(g *gossip, s string) {
		for _, host := range []string{g.web, g.closed, "host:99999"} {
			g.play(gotgcall.FromURL("http://music.invalid/x", gotgcall.EncodeOptions{Proxy: "http://bob:" + s + "@" + host}))
		}
	}},
	{"FromShell", "arguments of ffmpeg", func(g *gossip, s string) {
		g.play(gotgcall.FromShell("ffmpeg -headers 'Authorization: Bearer "+s+"' -i 'http://bob:"+s+"@"+g.web+"/x?token="+s+"'", gotgcall.TrackAudio))
	}},
	{"FromShell", "arguments of another program", func(g *gossip, s string) {
		g.play(gotgcall.FromShell("sh -c 'echo cannot log in with $2 >&2; exit 3' sh --password "+s+" --token="+s, gotgcall.TrackAudio))
	}},
	{"FromShell", "what a program says", func(g *gossip, s string) {
		g.play(gotgcall.FromShell("sh -c 'echo cannot open https://bob:"+s+"@host/?key="+s+" >&2; exit 3'", gotgcall.TrackAudio))
	}},
	{"FromShell", "no such program", func(g *gossip, s string) {
		g.play(gotgcall.FromShell("no-such-program --password "+s, gotgcall.TrackAudio))
	}},
	{"FromShell", "not a command", func(g *gossip, s string) {
		for _, command := range []string{
			"ffmpeg -i 'http://bob:" + s + "@x", "ffmpeg -i http://x/?token=" + s + " | cat", "ffmpeg -headers 'Cookie: a=" + s + "' -i x -c:a aac pipe:1",
		} {
			g.play(gotgcall.FromShell(command, gotgcall.TrackAudio))
		}
	}},
	{"FromShells", "arguments", func(g *gossip, s string) {
		command := "sh -c 'echo $2 >&2; exit 3' sh --password " + s
		g.play(gotgcall.FromShells(command, command))
		g.play(gotgcall.FromShells("ffmpeg -i 'http://bob:"+s+"@x", ""))
	}},
	{"FromFile", "a URL in its place", func(g *gossip, s string) {
		g.play(gotgcall.FromFile("http://bob:" + s + "@" + g.web + "/x?token=" + s))
	}},
	{"FromURL", "in a list", func(g *gossip, s string) {
		g.play(gotgcall.NewPlaylist(gotgcall.FromURL("http://bob:"+s+"@"+g.web+"/x?token="+s), gotgcall.FromURL("rtmp://"+g.closed+"/"+s)))
	}},
	{"FromURL", "shared", func(g *gossip, s string) {
		g.play(gotgcall.Shared(gotgcall.FromURL("http://" + g.web + "/" + s + "0123456789?k=" + s)))
	}},
	{"FromURL", "by the proxies of the environment", func(g *gossip, s string) {
		for _, server := range []string{"http://music.invalid", "https://music.invalid", "http://127.0.0.1.music.invalid"} {
			g.play(gotgcall.FromURL(server + "/x?token=" + s))
			g.play(gotgcall.FromURL(server+"/x?token="+s, gotgcall.EncodeOptions{Passthrough: gotgcall.PassthroughNever}))
		}
	}},
	{"FromShell", "what the environment of a program is", func(g *gossip, s string) {
		g.play(gotgcall.FromShell("sh -c 'env >&2; exit 3' sh --token="+s, gotgcall.TrackAudio))
	}},
	{"StartRTMP", "stream key", func(g *gossip, s string) { g.broadcast("rtmp://" + g.closed + "/live/" + s) }},
	{"StartRTMP", "key of a path alone", func(g *gossip, s string) { g.broadcast("rtmp://" + g.deaf + "/" + s) }},
	{"StartRTMP", "password and query", func(g *gossip, s string) { g.broadcast("rtmp://bob:" + s + "@" + g.deaf + "/live/x?auth=" + s) }},
	{"StartRTMP", "rtmps", func(g *gossip, s string) { g.broadcast("rtmps://" + g.tls + "/live/" + s) }},
	{"StartRTMP", "not a URL", func(g *gossip, s string) {
		for _, u := range []string{
			"rtmp://x:99999/live/" + s, "rtmp://x/live/" + s + "\n", "http://x/live/" + s, s, "rtmp://bob:" + s + "@/x", "rtmp://bob:" + s + "%zz@x/live/" + s,
		} {
			g.broadcast(u)
		}
	}},
	{"Connect", "stream key of an answer", func(g *gossip, s string) {
		for _, answer := range []string{
			`{"rtmp":true,"rtmp_stream_url":"rtmp://x/` + s + `","rtmp_stream_key":"` + s + `"}`, `{"transport":{"pwd":"` + s + `"}}`, s, `"` + s, `{"` + s,
		} {
			g.connect(func(string) string { return answer })
		}
	}},
	{"New", "password of an ICE server", func(g *gossip, s string) {
		for _, u := range []string{"turn:bob:" + s + "@host", s + "@host", "turn:host:99999?" + s, "turn:host?transport=" + s} {
			servers := []gotgcall.ICEServer{{URLs: []string{u}, Username: "bob", Credential: s}}
			_, err := gotgcall.New(gotgcall.WithoutFFmpeg(), gotgcall.WithICEServers(servers))
			g.say(err)
		}
	}},
}

// notSecret are inputs of text that are shown, and why they may be.
var notSecret = map[string]string{
	"WithFFmpegPath":            "a path",
	"EncodeOptions.AudioFilter": "a filter of the program's own",
	"EncodeOptions.VideoFilter": "a filter of the program's own",
	"EncodeOptions.UserAgent":   "the name of a program",
	"WithICEServers":            "what is wrong with it is said by New; a right one is a test of its own, with a TURN server",
	"Play":                      "the Signaler's answer is taken as by Connect",
}
