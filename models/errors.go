package models

import "errors"

// The sentinel errors. Every error of the library wraps one of them and, where there is one, its cause: branch with errors.Is. The root says which errors
// are not the library's.
var (
	// ErrConnectionExists: the chat already has a call, or the call is already connecting or connected.
	ErrConnectionExists = errors.New("gotgcall: the chat already has a call")
	// ErrConnectionNotFound: the chat has no call; begin with CreateCall, Play or StartRTMP.
	ErrConnectionNotFound = errors.New("gotgcall: the chat has no call")
	// ErrConnectionTimeout: the connection did not stand before the connect deadline.
	ErrConnectionTimeout = errors.New("gotgcall: connecting took too long")
	// ErrConnectionFailed: the connection could not be made, or was lost for good.
	ErrConnectionFailed = errors.New("gotgcall: the connection failed")
	// ErrInvalidParams: an argument, an option or the server's answer is not usable; the text names the value.
	ErrInvalidParams = errors.New("gotgcall: invalid parameters")
	// ErrFFmpegSpawn: a child process could not be started; the cause is wrapped.
	ErrFFmpegSpawn = errors.New("gotgcall: ffmpeg could not be started")
	// ErrFFmpegCrashed: a child process ended with an error or by a signal while its output was being played.
	ErrFFmpegCrashed = errors.New("gotgcall: ffmpeg ended abnormally")
	// ErrFile: the source cannot be read or has nothing to play.
	ErrFile = errors.New("gotgcall: the source cannot be played")
	// ErrClosed: the Client is closed.
	ErrClosed = errors.New("gotgcall: the client is closed")
	// ErrInternal: a defect; the text says where. Something panicked, in the library (please report it) or in a Source or Signaler of your own, and ended
	// what it was doing, but nothing else; or what the system must always give was not to be had.
	ErrInternal = errors.New("gotgcall: internal error")
	// ErrNotConnected: the call has failed or timed out and can play nothing; begin again with Rejoin or CreateCall, a broadcast with StartRTMP.
	ErrNotConnected = errors.New("gotgcall: the call is not connected")
	// ErrWrongMode: the operation does not exist for this kind of call.
	ErrWrongMode = errors.New("gotgcall: not available for this kind of call")
	// ErrUnsupportedCallMode: the answer describes a call nobody can publish into (a listener of a large chat, or an RTMP livestream).
	ErrUnsupportedCallMode = errors.New("gotgcall: this kind of group call takes no published media")
	// ErrFingerprint: the server's certificate is not the one its answer announced. Nothing was sent to it.
	ErrFingerprint = errors.New("gotgcall: the server's certificate does not match its announced fingerprint")
	// ErrSourceTimeout: the source gave no media before the open deadline.
	ErrSourceTimeout = errors.New("gotgcall: the source gave no media in time")
	// ErrStalled: a source that was playing gave no media for longer than the stall limit.
	ErrStalled = errors.New("gotgcall: the source stopped giving media")
	// ErrNoSource: nothing plays that could be sought in or changed; or a Playlist has no track, or is not being played.
	ErrNoSource = errors.New("gotgcall: nothing is playing")
	// ErrSeekUnsupported: the source can only be played from where it is: it is live, or it is no SeekableSource.
	ErrSeekUnsupported = errors.New("gotgcall: this source cannot be sought in")
	// ErrSkipped is the end of a playlist's track that made way for another one, which was asked for.
	ErrSkipped = errors.New("gotgcall: track skipped")
	// ErrBusy: another source is on its way, try again when it plays; or as many child processes run as may run; or a Playlist is played in another chat
	// already, or a Shared source by another Client.
	ErrBusy = errors.New("gotgcall: busy")
	// ErrJoinRefused: the chat cannot be joined, and trying again does not help. A Signaler's Join wraps it.
	ErrJoinRefused = errors.New("gotgcall: the group call cannot be joined")
	// ErrPassthrough: the source cannot be sent as it is, as EncodeOptions.Passthrough requires; the text says why.
	ErrPassthrough = errors.New("gotgcall: the source cannot be sent as it is")
	// ErrFormat: the bytes are not the format they should be.
	ErrFormat = errors.New("gotgcall: not the expected media format")
)
