package gotgcall

// Rejoin gives a call a new identity (ICE credentials, certificate, SSRCs) and returns the join payload for another phone.joinGroupCall, whose answer
// Connect takes. Source, position, mute and pause are kept, and go on with the new connection.
//
// It is for a call that has failed or timed out, for one whose join was refused with GROUPCALL_SSRC_DUPLICATE_MUCH before Connect, and for one that the
// server does not know any more though its connection seems to stand or is still being made: that is ended (OnConnectionChange tells Disconnected; the
// Connect in progress returns an error that says so), and nothing is heard until the new one stands. It returns within two seconds.
//
// Within 60 seconds Connect has to be called; otherwise what plays ends with ErrConnectionFailed, and it takes another Rejoin. A Connect that fails
// begins the 60 seconds anew. AudioSSRC, LeaveSource and Sources are those of the new identity; the old one needs no phone.leaveGroupCall, for the new
// join takes its place. An answer to an older payload ends in ErrConnectionTimeout.
//
// The error is ErrConnectionNotFound (the chat has no call, or it was stopped meanwhile) or ErrWrongMode (a broadcast).
func (c *Client) Rejoin(chatID int64) (params string, err error) {
	call, err := c.groupCall(chatID)
	if err != nil {
		return "", err
	}
	return call.Rejoin()
}
