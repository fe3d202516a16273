package media

// class is what kind of thing ffmpeg reads from; it decides the flags before -i.
type class uint8

const (
	// classFile is a file of this machine.
	classFile class = iota
	// classHTTP is a finite file, a playlist or an endless stream over HTTP: the URL does not tell which, so the flags are right for all.
	classHTTP
	// classRTMP, classRTSP and classSRT are live streams, which have no beginning to seek from.
	classRTMP
	classRTSP
	classSRT
)

// input is what ffmpeg reads.
type input struct {
	class  class
	target string // as -i takes it
	// tls is set for HTTPS and RTMPS: the certificate is checked against the authorities in caFile, or against those ffmpeg knows if it is empty.
	tls    bool
	caFile string
	// once is set for what can be opened a single time, a named pipe.
	once bool
	// image is set for a picture whose name ffmpeg would take for a pattern that stands for other ones.
	image bool
	// whole is set where a server must not be asked for parts.
	whole bool
	// request are the flags of HTTP requests that the options ask for.
	request []string
}

// classFlags are the flags of each class.
//
// The whitelist is what a playlist, a reference or a redirection may lead to: nothing on the network from a file, no file of this machine
// from the network. crypto and data are what encrypted HLS needs; httpproxy is what ffmpeg uses for HTTPS when http_proxy is set.
//
// A broken HTTP download is resumed where it broke, if the server can do that, up to 3 times in a row (after 0, 1 and 3 s). Not with
// -reconnect_streamed or -reconnect_at_eof: where the server cannot resume, or the length is not known, these begin the song again, for ever.
//
// Probing is left to ffmpeg where it can read ahead of time. A live stream comes no faster than it plays, so 2 s have to do.
//
// RTSP takes no -rw_timeout (ffmpeg then refuses to start), and its -timeout means different things in different versions.
var classFlags = map[class][]string{
	classFile: {"-protocol_whitelist", "file,crypto,data"},
	classHTTP: {"-protocol_whitelist", "http,https,httpproxy,tcp,tls,crypto,data", "-rw_timeout", "10000000",
		"-reconnect", "1", "-reconnect_delay_max", "5"},
	classRTMP: {"-protocol_whitelist", "rtmp,rtmps,tcp,tls", "-rw_timeout", "10000000", "-analyzeduration", "2000000"},
	classRTSP: {"-protocol_whitelist", "rtsp,rtsps,rtp,srtp,udp,tcp,tls", "-rtsp_flags", "prefer_tcp", "-analyzeduration", "2000000"},
	classSRT:  {"-protocol_whitelist", "srt", "-rw_timeout", "10000000", "-analyzeduration", "2000000"},
}

// hasCovers reports whether what comes from there may have an attached picture: files have, live streams do not.
func (in input) hasCovers() bool { return in.class == classFile || in.class == classHTTP }

// flags are what stands before -i.
func (in input) flags() []string {
	flags := classFlags[in.class]
	flags = flags[:len(flags):len(flags)] // appending copies
	if in.tls {
		flags = append(flags, tlsFlags(in.caFile)...)
	}
	flags = append(flags, in.request...)
	if in.whole {
		flags = append(flags, "-seekable", "0")
	}
	if in.image {
		flags = append(flags, "-f", "image2", "-pattern_type", "none")
	}
	return flags
}
