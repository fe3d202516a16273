// Package rtc is the street side of a call: identity, certificates, sockets, the PeerConnection that answers Telegram's server, and the
// RTP that leaves it.
//
// An [Engine] belongs to one Client and holds what its calls share. [Engine.NewIdentity] draws what the join payload needs and costs
// neither a socket nor a goroutine; [Engine.Connect] turns an identity and the server's answer into a [Link], the established connection.
package rtc
