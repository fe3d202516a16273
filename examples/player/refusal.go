package player

import (
	"fmt"
	"slices"
	"time"

	"gotgcall"
)

// advice says what to do about errors of Telegram's.
var advice = map[string]string{
	"BOT_METHOD_INVALID":            "bots cannot join voice chats: log in as a user",
	"CHANNEL_INVALID":               "this account does not know the group: have it join, and write the command there",
	"CHANNEL_PRIVATE":               "this account is not in the group, or was banned from it: have it join",
	"CHAT_ADMIN_REQUIRED":           "only admins may do this: make this account one",
	"CHAT_ID_INVALID":               "this account does not know the group: have it join, and write the command there",
	"DATA_JSON_INVALID":             "the join payload was not understood",
	"GROUPCALL_FORBIDDEN":           "the voice chat is over: start a new one",
	"GROUPCALL_INVALID":             "there is no such voice chat any more: start a new one",
	"GROUPCALL_JOIN_MISSING":        "this account is not in the voice chat: join again",
	"GROUPCALL_SSRC_DUPLICATE_MUCH": "somebody has the same source number: join again with a new one",
	"JOIN_AS_PEER_INVALID":          "this account cannot join as whom it wants to",
}

// passing are those of them that another try may mend.
var passing = []string{"DATA_JSON_INVALID", "GROUPCALL_JOIN_MISSING", "GROUPCALL_SSRC_DUPLICATE_MUCH"}

// Explain puts before an error of Telegram's, by its name, what to do about it. It wraps gotgcall.ErrJoinRefused where joining again at once cannot help.
func Explain(err error, name string) error {
	text, known := advice[name]
	switch {
	case !known:
		return err
	case slices.Contains(passing, name):
		return fmt.Errorf("%s: %w", text, err)
	default:
		return fmt.Errorf("%w: %s: %w", gotgcall.ErrJoinRefused, text, err)
	}
}

// FloodWait says how long Telegram wants to be left alone. To try again before is to be told to wait even longer: an edit that is refused with it is the
// last one of its chat until then.
func FloodWait(err error, wait time.Duration) error { return &floodError{wait, err} }

// floodError is what FloodWait returns.
type floodError struct {
	wait time.Duration
	err  error
}

// Error implements error.
func (e *floodError) Error() string {
	return fmt.Sprintf("flood wait, try again in %v: %v", e.wait, e.err)
}

// Unwrap makes it an ErrJoinRefused: to join again at once cannot help.
func (e *floodError) Unwrap() []error { return []error{gotgcall.ErrJoinRefused, e.err} }
