// Package media is where sound and pictures come from: a [Source] opens byte streams of Opus in Ogg and of VP8 in IVF, and a call plays
// them.
//
// [FromFile] and [FromURL] run ffmpeg as a child process, but for Opus that is sent as it is; [FromShell] and [FromShells] run commands of yours. They
// are only descriptions: constructing one opens nothing and cannot fail, and the same value may be opened any number of times, by several calls at
// once. What is wrong with it is reported by Open, before anything is spawned where that can be known. [FromReader], [FromPCM] and [FromOpus] play what
// the program gives them, and can be opened once.
//
// # Writing a Source
//
// Whatever has a Tracks and an Open method is a source. Open returns quickly, or when there is a first byte, as the source likes; it
// does not pace: a call reads ahead a little and plays by the timestamps in the stream. [NewStreams] gives the readers a closer.
//
// The context given to Open is the life of the stream, not of the opening alone: when it is cancelled the stream ends, its readers return an
// error and nothing of it is left. The context also carries what belongs to the one who opens: the tools of a Client (its ffmpeg path,
// its logger, its limits) and the options of SetStreamSources. So a Source that wraps another one hands its context on, itself or derived:
//
//	func (s Jingle) Open(ctx context.Context) (*media.Streams, error) { return media.FromFile(s.next()).Open(ctx) }
//
// The one who opens also closes: [Streams.Close] is called once the stream is not needed any more, whether it has ended or not, and whatever
// Open returned an error for is closed already. A reader that returns io.EOF is at its natural end; every other error is reported as the
// reason why the source ended.
//
// # Errors
//
// ErrInvalidParams: an option, a URL or a command cannot be used; nothing was started. ErrFile: the file or URL cannot be played, or there
// is nothing in it to play. ErrFFmpegSpawn: ffmpeg could not be started, or its build lacks an encoder. ErrFFmpegCrashed: the process ended
// with an error after it had begun, or was killed; a command given to FromShell failed. They come from Open or, where it takes running
// ffmpeg to find out, from the first Read. Texts carry the last words of ffmpeg; passwords and tokens are masked in them.
package media
