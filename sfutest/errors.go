package sfutest

import "errors"

// What Join, Leave and the hook of WithJoinHook refuse with. The texts are the names of Telegram's errors, as a bot's MTProto client
// reports them; branch with errors.Is.
var (
	// ErrSSRCDuplicate: a live endpoint of this server uses one of the payload's SSRCs. Join again with new ones.
	ErrSSRCDuplicate = errors.New("GROUPCALL_SSRC_DUPLICATE_MUCH")
	// ErrDataInvalid: the join payload is not what a server accepts; the cause says which value.
	ErrDataInvalid = errors.New("DATA_JSON_INVALID")
	// ErrJoinMissing: the chat has no live endpoint with this source.
	ErrJoinMissing = errors.New("GROUPCALL_JOIN_MISSING")
	// ErrForbidden: the call cannot be joined by this account. The server itself never says so; a join hook may.
	ErrForbidden = errors.New("GROUPCALL_FORBIDDEN")
	// ErrCallInvalid: there is no such group call. The server itself never says so; a join hook may.
	ErrCallInvalid = errors.New("GROUPCALL_INVALID")
)

// Why an endpoint ended, as [Endpoint.Err] returns it.
var (
	// ErrServerClosed: [Server.Close] was called. Join and Leave return it too, afterwards.
	ErrServerClosed = errors.New("sfutest: the server is closed")
	// ErrReplaced: the same chat was joined again.
	ErrReplaced = errors.New("sfutest: replaced by a later join")
	// ErrLeft: [Server.Leave] was called.
	ErrLeft = errors.New("sfutest: left")
	// ErrKicked: [Endpoint.Kick] or [Endpoint.CloseNotify] was called.
	ErrKicked = errors.New("sfutest: kicked")
	// ErrNeverConnected: the join timeout passed before the DTLS handshake was done.
	ErrNeverConnected = errors.New("sfutest: never connected")
	// ErrHandshake: the DTLS handshake failed; the cause is wrapped.
	ErrHandshake = errors.New("sfutest: the DTLS handshake failed")
	// ErrClientFingerprint: the client's certificate is not the one its join payload announced. It comes wrapped in ErrHandshake.
	ErrClientFingerprint = errors.New("sfutest: the client's certificate does not match its join payload")
	// ErrConsentLost: the client left the server's consent checks unanswered for longer than the consent timeout.
	ErrConsentLost = errors.New("sfutest: consent checks unanswered")
	// ErrPeerClosed: the client closed the DTLS connection.
	ErrPeerClosed = errors.New("sfutest: closed by the client")
)

// ErrNotConnected is returned by the methods of [Endpoint] that send, before it is connected and after it ended.
var ErrNotConnected = errors.New("sfutest: the endpoint is not connected")
