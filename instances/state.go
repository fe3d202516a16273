package instances

import "gotgcall/models"

// callState is the state of a call's connection.
type callState int

const (
	stateNew callState = iota
	stateConnecting
	stateConnected
	stateDisconnected
	stateFailed
	stateTimeout
	stateClosed
)

// transitions lists the states that may follow each state. Failed, Timeout and Closed are for good.
var transitions = [...][]callState{
	stateNew:          {stateConnecting, stateClosed},
	stateConnecting:   {stateConnected, stateFailed, stateTimeout, stateClosed},
	stateConnected:    {stateDisconnected, stateFailed, stateClosed},
	stateDisconnected: {stateConnected, stateFailed, stateClosed},
	stateFailed:       nil,
	stateTimeout:      nil,
	stateClosed:       nil,
}

// may tells whether next may follow s.
func (s callState) may(next callState) bool {
	for _, t := range transitions[s] {
		if t == next {
			return true
		}
	}
	return false
}

// dead tells whether nothing follows s.
func (s callState) dead() bool { return transitions[s] == nil }

// connState returns the state as OnConnectionChange reports it. stateNew is never reported.
func (s callState) connState() models.ConnState {
	return [...]models.ConnState{
		stateNew:          models.Connecting,
		stateConnecting:   models.Connecting,
		stateConnected:    models.Connected,
		stateDisconnected: models.Disconnected,
		stateFailed:       models.Failed,
		stateTimeout:      models.Timeout,
		stateClosed:       models.Closed,
	}[s]
}

// String returns the state's name for logs and errors.
func (s callState) String() string {
	if s == stateNew {
		return "waiting for Connect"
	}
	return s.connState().String()
}
