// Package instances is where a call lives. A [GroupCall] keeps two things apart: the link (identity, PeerConnection, connection state) and the
// playback (source, legs, position, mute, pause), which does not care how its packets leave.
//
// Nothing is spawned, awaited or called out while a lock is held; events are posted to a queue that never blocks. One goroutine per leg
// reads ahead; the shared scheduler empties the queues. All of them end with the call's context and are awaited by Stop.
package instances
