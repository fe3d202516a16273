package sfutest

import "context"

// Signaler is a server as gotgcall.Client.Play takes it: a Signaler that is a Checker, too. [Server.Signaler] makes it. A test that needs another
// answer now and then embeds it in a type of its own.
type Signaler struct{ server *Server }

// Signaler returns what Play takes in the place of a bot's MTProto client.
func (s *Server) Signaler() Signaler { return Signaler{s} }

// Join is [Server.Join]. It does not begin when ctx has ended.
func (t Signaler) Join(ctx context.Context, chatID int64, params string) (answer string, err error) {
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	return t.server.Join(chatID, params)
}

// Leave is [Server.Leave]. It does not begin when ctx has ended.
func (t Signaler) Leave(ctx context.Context, chatID int64, source int32) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return t.server.Leave(chatID, source)
}

// Check is [Server.Check]. It does not begin when ctx has ended.
func (t Signaler) Check(ctx context.Context, chatID int64, sources []int32) (present []int32, err error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return t.server.Check(chatID, sources), nil
}
