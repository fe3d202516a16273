// Package jsonparams translates between the JSON that Telegram's group-call signalling carries and Go values: the join payload a call
// sends, the answer the server gives, and the SDP offer that makes pion understand that answer.
//
// Everything here is a pure function: no sockets, no goroutines, no clock, no randomness, no state. All of it may be called from any
// number of goroutines.
//
// A join goes through it in three steps:
//
//	payload := jsonparams.JoinPayload{...}.Marshal()          // sent by phone.joinGroupCall
//	answer, err := jsonparams.ParseAnswer(data, options)      // what the server gave back
//	sdp := answer.Offer(jsonparams.OfferOptions{Video: true}) // set as pion's remote description
//
// [ParseJoinPayload] is the other side of the first step and belongs to servers that stand in for Telegram in tests.
//
// The answer comes from the network by way of the program, so [ParseAnswer] trusts nothing: it bounds every length and count, checks
// each character that reaches the SDP, and its errors name the value, what was expected, and what to do. They never contain the ICE
// password or an RTMP stream key.
//
// The formats are described in docs/WIRE.md, sections 1 to 5.
package jsonparams
