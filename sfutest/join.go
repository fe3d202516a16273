package sfutest

import (
	"errors"
	"fmt"
	"slices"

	"gotgcall/jsonparams"
)

// Join does what phone.joinGroupCall does: it reads the join payload strictly and returns the answer, the JSON that a client's Connect is
// given. A chat has one endpoint; joining again replaces it. An endpoint that is not connected within the join timeout is forgotten.
//
// The error is ErrDataInvalid for a payload that is not right, ErrSSRCDuplicate when a live endpoint of this server (of this chat or
// another: clients draw SSRCs at random and do not meet) already uses one of its SSRCs, ErrServerClosed after Close, or what the join
// hook says. A refused join changes nothing.
func (s *Server) Join(chatID int64, payload string) (answer string, err error) {
	p, err := jsonparams.ParseJoinPayload(payload)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrDataInvalid, err)
	}
	if s.cfg.joinHook != nil {
		if err := s.cfg.joinHook(chatID, payload); err != nil {
			return "", err
		}
	}
	e, old, err := s.admit(chatID, p)
	if err != nil {
		return "", err
	}
	if old != nil {
		old.end(ErrReplaced)
	}
	go e.run()
	return s.answerFor(e)
}

// admit registers a new endpoint and returns the one it replaces. The caller runs the one and ends the other.
func (s *Server) admit(chatID int64, p jsonparams.JoinPayload) (e, old *Endpoint, err error) {
	e = newEndpoint(s, chatID, p)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, ErrServerClosed
	}
	for ssrc := range e.declared {
		if other := s.sources[ssrc]; other != nil {
			return nil, nil, fmt.Errorf("%w: SSRC %d is in use in chat %d; draw a new one", ErrSSRCDuplicate, ssrc, other.chatID)
		}
	}
	s.wg.Add(1)
	if old = s.chats[chatID]; old != nil {
		s.removeLocked(old)
	}
	s.chats[chatID], s.live[e.ufrag] = e, e
	for ssrc := range e.declared {
		s.sources[ssrc] = e
	}
	return e, old, nil
}

// Leave does what phone.leaveGroupCall does; source is the signed number of the audio SSRC. A client that has closed its connection before still has
// to leave. The error is ErrJoinMissing when the chat has no endpoint with that source which is live or was closed by its client, or ErrServerClosed.
func (s *Server) Leave(chatID int64, source int32) error {
	e, err := s.find(chatID, source)
	if errors.Is(err, ErrJoinMissing) {
		e = s.closedByPeer(chatID, source)
	}
	if e == nil || e.left.Swap(true) {
		return err
	}
	e.end(ErrLeft)
	return nil
}

// closedByPeer returns the chat's endpoint if its audio SSRC is the source and its client, which has not left, closed the connection.
func (s *Server) closedByPeer(chatID int64, source int32) *Endpoint {
	e := s.Endpoint(chatID)
	if e == nil || jsonparams.SourceID(e.AudioSSRC()) != source || e.left.Load() || !errors.Is(e.Err(), ErrPeerClosed) {
		return nil
	}
	return e
}

// Check does what phone.checkGroupCall does: it returns those of the sources, signed numbers of audio SSRCs, which have a live endpoint
// in the chat. A client whose source is missing has to join again.
func (s *Server) Check(chatID int64, sources []int32) []int32 {
	return slices.DeleteFunc(slices.Clone(sources), func(source int32) bool {
		_, err := s.find(chatID, source)
		return err != nil
	})
}

// find returns the chat's live endpoint if its audio SSRC is the source.
func (s *Server) find(chatID int64, source int32) (*Endpoint, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return nil, ErrServerClosed
	}
	e := s.chats[chatID]
	if e == nil || s.live[e.ufrag] != e || jsonparams.SourceID(e.AudioSSRC()) != source {
		return nil, fmt.Errorf("%w: chat %d has no live endpoint with source %d", ErrJoinMissing, chatID, source)
	}
	return e, nil
}

// forget makes an endpoint unreachable.
func (s *Server) forget(e *Endpoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removeLocked(e)
}

// removeLocked makes an endpoint unreachable. It needs the lock.
func (s *Server) removeLocked(e *Endpoint) {
	if s.live[e.ufrag] == e {
		delete(s.live, e.ufrag)
	}
	for ssrc := range e.declared {
		if s.sources[ssrc] == e {
			delete(s.sources, ssrc)
		}
	}
	for _, p := range e.paths {
		delete(s.paths, p)
		delete(s.rivals, p)
	}
	e.paths = nil
}
