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

// transitions lists the states that may follow each state. From Disconnected, Failed and Timeout to Connecting leads only Rejoin, and so does the way
// from Connecting to Disconnected.
var transitions = [...][]callState{
	stateNew:          {stateConnecting, stateClosed},
	stateConnecting:   {stateConnected, stateDisconnected, stateFailed, stateTimeout, stateClosed},
	stateConnected:    {stateDisconnected, stateFailed, stateClosed},
	stateDisconnected: {stateConnecting, stateConnected, stateFailed, stateClosed},
	stateFailed:       {stateConnecting, stateClosed},
	stateTimeout:      {stateConnecting, stateClosed},
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

// dead tells whether the call has ended or its connection is lost.
func (s callState) dead() bool { return s == stateFailed || s == stateTimeout || s == stateClosed }

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
