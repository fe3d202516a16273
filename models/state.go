package models

// NetworkInfo is what OnConnectionChange reports.
type NetworkInfo struct {
	State ConnState
}

// MediaState says what a call sends at this moment. Each flag means only itself.
type MediaState struct {
	// Muted: no audio packets are sent; timeline, position and video go on.
	Muted bool
	// Paused: nothing is sent and the position stands still.
	Paused bool
	// VideoStopped: no video is being sent.
	VideoStopped bool
	// PresentationPaused follows Paused.
	PresentationPaused bool
}

// CallInfo is one entry of Calls.
type CallInfo struct {
	// CaptureTimeMs is the position in milliseconds of media pushed, as Time returns it.
	CaptureTimeMs uint64
}
