// Package sfutest is a loopback Telegram for tests: it answers joins of group calls, and is the server that its answers name, in the manner
// of net/http/httptest. A bot joins it with the same code that joins Telegram, without an account and without leaving the machine; then the
// test asks what a listener heard and what was wrong with it.
//
//	func TestTheBotPlaysASong(t *testing.T) {
//		server, err := sfutest.NewServer()
//		if err != nil {
//			t.Fatal(err)
//		}
//		defer server.Close()
//
//		// The bot's MTProto client is the only thing to be replaced: what phone.joinGroupCall does, Join does.
//		bot := mybot.New(mybot.Telegram{
//			JoinGroupCall:  server.Join,  // phone.joinGroupCall: payload in, answer out
//			LeaveGroupCall: server.Leave, // phone.leaveGroupCall
//			CheckGroupCall: server.Check, // phone.checkGroupCall
//		}, gotgcall.WithLoopback())
//		defer bot.Close()
//		bot.Handle(chat, "/play song.mp3")
//
//		listener := server.Endpoint(chat)
//		if err := listener.WaitPackets(t.Context(), listener.AudioSSRC(), 250); err != nil { // five seconds of 20 ms
//			t.Fatal(err)
//		}
//		for _, v := range server.Violations() {
//			t.Error(v)
//		}
//	}
//
// [Server.Signaler] is the same for a bot that plays by gotgcall.Client.Play.
//
// # What it does
//
// Each chat has one [Endpoint], the server's side of the latest join. It behaves as production was observed to (docs/WIRE.md): a full,
// controlling ICE agent that learns the client's address from its checks and nominates; the client of the DTLS handshake, which verifies the
// client's certificate by the join payload; a receiver that reports every second, gives transport-wide feedback every 100 ms, asks for a
// key frame when video begins and for video packets that are missing. It checks the consent of its client, forgets a client that never
// connects, and refuses bad payloads and duplicate SSRCs by the names of Telegram's errors.
//
// [Option]s make it what a test needs: answers in every shape that was ever seen ([WithAnswer]), other ICE agents ([WithICEMode]), wrong
// certificates and handshakes that stall ([WithForeignCertificate], [WithWrongHashes], [WithDTLSStall]), a bad network ([WithLoss],
// [WithDelay], [WithReorder], [WithDuplicate], [WithDrop]). The methods of Endpoint do what a server does on a bad day: [Endpoint.Kick],
// [Endpoint.BlackoutFor], [Endpoint.StopConsent], [Endpoint.CloseNotify].
//
// # What it sees
//
// Every packet is recorded ([Endpoint.Records], [Endpoint.Packets]) and counted ([Endpoint.Stats]); the audio can be had as an Ogg file
// ([Endpoint.WriteOgg], [Endpoint.CopyOgg]), the video as IVF ([Endpoint.WriteIVF], [Endpoint.CopyIVF]) or frame by frame
// ([Endpoint.Frames]), and both with one origin ([Endpoint.WriteFilm]). Of a film it tells how far sound and picture are apart
// ([Endpoint.AVOffset]) and from the wall clock ([Endpoint.Leads]), what its frames were like and how soon a request for a key frame was
// answered ([Endpoint.VideoStats], [Endpoint.KeyFrames], [Endpoint.FramesWithin]), and how soon a lost packet came again
// ([Endpoint.RetransmissionStats]).
//
// What production's server or the other participants would stumble over is a counted [Violation]; [Server.Violations] is empty after a run
// in which everything was right. A stall of the test's own machine, and what the server's options lost or delayed, is not held against the
// client; [Tolerances] has the limits.
//
// # Time and network
//
// Over a virtual network ([WithNet]) the whole server works inside testing/synctest: an hour of a call takes seconds, and times are exact.
// Over the system's network it listens on the loopback interface by default ([WithListenAddr]); clients need their loopback option.
//
// All calls share the server's sockets, as Telegram's servers have few addresses. Datagrams are told apart by the client's address, so
// two calls of one client need two sockets on its side; that they have not is [ViolationSharedPath].
//
// A Server has a few goroutines, an Endpoint a few more while it lives; [Server.Close] returns when all are gone.
//
// Not covered: listeners, that is forwarding to other clients; answers to SCTP; presentations beside a chat's main connection.
package sfutest
