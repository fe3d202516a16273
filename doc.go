// Package gotgcall streams audio and video into Telegram group calls. It is pure Go: WebRTC is pion, ffmpeg is a child process, and a bot
// that uses it builds with CGO_ENABLED=0 to one static binary.
//
// The library never talks to Telegram's API. Your MTProto client (gogram, gotd/td, …) carries two pieces of JSON:
//
//	client, err := gotgcall.New()
//	params, err := client.CreateCall(chatID)        // what we offer
//	answer := join(chatID, params)                  // your phone.joinGroupCall; the params of updateGroupCallConnection
//	err = client.Connect(chatID, answer)            // media can flow
//	err = client.SetStreamSources(chatID, gotgcall.FromFile("song.mp3"))
//
// # Calls and sources
//
// A [Client] holds any number of calls, one per chat. Each call has a connection, whose states [Client.OnConnectionChange] reports, and a
// playback: at most one [Source] at a time, which [Client.SetStreamSources] opens and replaces. A new source is opened and read up to its
// first frame while the old one goes on playing; then they change places without a gap. A source that cannot be played changes nothing.
//
// When a source ends by itself, [Client.OnStreamEnd] is called once per leg (audio, video): with nil at the natural end, with an error when
// it broke. Sources that were replaced, and those of a stopped call, end silently.
//
// # Lost connections
//
// With [Client.OnRejoinNeeded] a song outlives its connection: it stands still until [Client.Rejoin] and Connect have made another one, and goes on where
// it was. [Client.Play] does all of this by itself, from the first join on: give it a [Signaler], which is your MTProto client's two requests.
//
// # Concurrency
//
// All methods of Client may be called from any goroutine, and from inside every callback. Callbacks run one at a time, in order, on one
// goroutine of the Client, or on one for each chat ([WithDispatchPerChat]). Methods that wait have a twin with a context: ConnectContext,
// SetStreamSourcesContext, SeekByContext, StopContext, CreateCallContext.
//
// # Names
//
// Most types here stand for those of packages models and media, and those of a [Playlist] for those of instances. So their fields and methods are told by
// "go doc gotgcall/models CallStats", "go doc gotgcall/media EncodeOptions" and "go doc gotgcall/instances Playlist".
//
// # Errors
//
// Every error of the library wraps one of the Err… variables: branch with errors.Is. The text says which value was at fault and what to do. Errors that
// are not the library's are passed on as they are, with a few words before them: those of your own Source, reader or Signaler, and that of a context
// that has ended (context.Canceled, context.DeadlineExceeded). Writing to a voice that is over is os.ErrClosed.
//
// # Logs
//
// A logger given by [WithLogger] gets records of four levels:
//
//   - Error: a callback, a Source or a Signaler panicked, or Close has not waited for a callback that blocks. Somebody should look at the program.
//   - Warn: something does not go as it should, and the library goes on: a picture that is late, a broadcast without a connection, a slow callback,
//     a join of Play that failed, a process that does not die.
//   - Info: what a call does: the states of its connection, how it was made, attempts in another role.
//   - Debug: each process with its arguments, how it ended, and pion's own lines.
//
// Records about a call have the attribute chat; those about a source also have source, which names it. Secrets (stream keys, passwords, values of
// queries and headers) are masked everywhere. More is switched on, one by one, by [WithFFmpegStderrLog], [WithPionTraceLogs], [WithICECandidateLogs]
// and [WithVerboseConnectionLogs].
//
// # What strangers ask for
//
// A bot that plays whatever people write in a chat makes requests for them, from inside of its network: [WithURLPolicy] with [PublicHosts]
// refuses those that lead back there. docs/SECURITY.md says what protects, and what is the bot author's part.
//
// # Testing without Telegram
//
// Package sfutest is a loopback group-call server in the manner of net/http/httptest: a bot's own tests can join it, and ask it what a
// listener heard.
//
// # When a call is silent
//
// [Client.Diagnose] says why, in plain words and with the evidence; [Client.Stats] has the figures.
//
// # What is covered
//
// Publishing into group calls and RTMP livestreams ([Client.StartRTMP]). Not covered: receiving, screen share, the data channel, one-to-one and
// encrypted conference calls.
package gotgcall
