package gotgcall

import "gotgcall/models"

// The errors that the library's errors wrap.
var (
	// ErrConnectionExists: the chat already has a call, or its call is already connecting or connected.
	ErrConnectionExists = models.ErrConnectionExists
	// ErrConnectionNotFound: the chat has no call; begin with CreateCall, Play or StartRTMP.
	ErrConnectionNotFound = models.ErrConnectionNotFound
	// ErrConnectionTimeout: the connection did not stand before the deadline (see WithConnectTimeout).
	ErrConnectionTimeout = models.ErrConnectionTimeout
	// ErrConnectionFailed: the connection could not be made, or was lost for good.
	ErrConnectionFailed = models.ErrConnectionFailed
	// ErrInvalidParams: an argument, an option or the server's answer is not usable; the text names the value.
	ErrInvalidParams = models.ErrInvalidParams
	// ErrFFmpegSpawn: ffmpeg (or the program of FromShell) could not be started; the cause is wrapped.
	ErrFFmpegSpawn = models.ErrFFmpegSpawn
	// ErrFFmpegCrashed: ffmpeg (or the program of FromShell) ended with an error or by a signal in the middle.
	ErrFFmpegCrashed = models.ErrFFmpegCrashed
	// ErrFile: the source cannot be read, or has nothing to play.
	ErrFile = models.ErrFile
	// ErrClosed: the Client is closed.
	ErrClosed = models.ErrClosed
	// ErrInternal: a defect; the text says where. Something panicked, in the library (please report it) or in a Source or Signaler of your own, and ended
	// what it was doing, but nothing else; or what the system must always give was not to be had.
	ErrInternal = models.ErrInternal
	// ErrNotConnected: the call has failed or timed out and can play nothing; begin again with Rejoin or CreateCall, a broadcast with StartRTMP.
	ErrNotConnected = models.ErrNotConnected
	// ErrWrongMode: the operation does not exist for this kind of call.
	ErrWrongMode = models.ErrWrongMode
	// ErrUnsupportedCallMode: the server's answer describes a call that takes no published media.
	ErrUnsupportedCallMode = models.ErrUnsupportedCallMode
	// ErrFingerprint: the server's certificate is not the announced one; nothing was sent to it.
	ErrFingerprint = models.ErrFingerprint
	// ErrSourceTimeout: a source gave nothing playable within 15 s of being opened.
	ErrSourceTimeout = models.ErrSourceTimeout
	// ErrStalled: a source gave nothing for 10 s in the middle.
	ErrStalled = models.ErrStalled
	// ErrNoSource: nothing plays that could be sought in or changed; or a Playlist has no track, or is not being played.
	ErrNoSource = models.ErrNoSource
	// ErrSeekUnsupported: the source is live, or no SeekableSource.
	ErrSeekUnsupported = models.ErrSeekUnsupported
	// ErrSkipped is the end of a Playlist's track after Next, Previous or Jump.
	ErrSkipped = models.ErrSkipped
	// ErrBusy: another source is on its way, seek when it plays; or as many child processes run as WithMaxProcesses allows; or a Playlist is played in
	// another chat already, or a Shared source by another Client.
	ErrBusy = models.ErrBusy
	// ErrJoinRefused: the chat cannot be joined, and trying again does not help. Your Signaler's Join wraps it to end Play's tries.
	ErrJoinRefused = models.ErrJoinRefused
	// ErrPassthrough: a source with PassthroughRequired cannot be sent as it is; the text says why.
	ErrPassthrough = models.ErrPassthrough
	// ErrFormat: the bytes of a source are not the format they should be.
	ErrFormat = models.ErrFormat
)
