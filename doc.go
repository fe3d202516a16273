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
// # Concurrency
//
// All methods of Client may be called from any goroutine, and from inside every callback. Callbacks run one at a time, in order, on one
// goroutine of the Client. Methods that wait have a twin with a context: ConnectContext, SetStreamSourcesContext, SeekByContext, StopContext,
// CreateCallContext.
//
// # Errors
//
// Every error wraps one of the Err… variables: branch with errors.Is. The text says which value was at fault and what to do.
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
// Covered: publishing into group calls and RTMP livestreams ([Client.StartRTMP]). Not covered: receiving, screen share, the data channel, one-to-one and encrypted conference calls.
package gotgcall
