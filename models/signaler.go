package models

import "context"

// Signaler carries the two requests of a group call to Telegram: it is what a program writes around its MTProto client. Its methods may be called
// from several goroutines at once, and should end when ctx does; one that does not is left behind.
type Signaler interface {
	// Join sends params by phone.joinGroupCall and returns the answer: the params of the updateGroupCallConnection in its Updates. An error that no
	// further try can mend (the account is banned, there is no call in the chat) wraps ErrJoinRefused; after any other one the chat is joined again.
	Join(ctx context.Context, chatID int64, params string) (answer string, err error)
	// Leave sends phone.leaveGroupCall with this source number.
	Leave(ctx context.Context, chatID int64, source int32) error
}

// Checker is what a Signaler may be besides.
type Checker interface {
	// Check sends phone.checkGroupCall and returns those of the source numbers that Telegram still knows.
	Check(ctx context.Context, chatID int64, sources []int32) (present []int32, err error)
}
