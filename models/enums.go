package models

import "strconv"

// StreamType tells which leg of a source an event is about.
type StreamType int

// The two legs of a source.
const (
	Audio StreamType = iota
	Video
)

// String returns "audio" or "video".
func (t StreamType) String() string {
	return name("StreamType", int(t), "audio", "video")
}

// Device is the place in the call that a leg occupies, as other participants see it.
type Device int

// The devices a source feeds: audio arrives as the microphone, video as the camera.
const (
	Microphone Device = iota
	Camera
)

// String returns "microphone" or "camera".
func (d Device) String() string {
	return name("Device", int(d), "microphone", "camera")
}

// ConnState is the state of a call's connection to Telegram's server.
type ConnState int

const (
	// Connecting: Connect was called and the handshake is under way.
	Connecting ConnState = iota
	// Connected: media flows. Also reported when a Disconnected connection recovers.
	Connected
	// Failed: the connection is lost for good; join again with a fresh payload (Rejoin, or a new CreateCall).
	Failed
	// Closed: Stop or Close ended the call.
	Closed
	// Timeout: Connect's deadline passed before the connection stood.
	Timeout
	// Disconnected: nothing has been heard from the server for a few seconds. The call goes on sending; it becomes Connected again, or
	// Failed. Also reported when Rejoin ends a connection; then the call waits for Connect.
	Disconnected
)

// String returns the state's name in lower case.
func (s ConnState) String() string {
	return name("ConnState", int(s), "connecting", "connected", "failed", "closed", "timeout", "disconnected")
}

// name returns names[i], or "Type(i)" for a value outside the enum.
func name(typ string, i int, names ...string) string {
	if i < 0 || i >= len(names) {
		return typ + "(" + strconv.Itoa(i) + ")"
	}
	return names[i]
}
