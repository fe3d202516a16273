package sfutest

import "time"

// StreamStats is what arrived under one SSRC since it was first seen.
type StreamStats struct {
	SSRC  uint32
	Media Media
	// Packets and Bytes count what arrived, payloads without padding; repetitions are not in them, recovered packets are.
	Packets, Bytes int64
	// FirstSeq and LastSeq are the lowest and the highest sequence number, with cycles: LastSeq-FirstSeq+1 packets were sent so far.
	FirstSeq, LastSeq int64
	// FirstArrival and LastArrival are times of arrival.
	FirstArrival, LastArrival time.Time
	// Lost packets did not arrive, whoever lost them: the server's own impairment, its pretended loss, or the network.
	Lost int64
	// Injected are those of the lost packets that the server itself lost or pretended to have lost, even if they were recovered later.
	Injected int64
	// Recovered packets arrived by RTX.
	Recovered int64
	// Duplicates arrived more than once, Late ones after packets with higher numbers that could not wait for them any longer.
	Duplicates, Late int64
	// Jitter is the interarrival jitter of RFC 3550 §6.4.1.
	Jitter time.Duration
	// SenderReports counts those that arrived.
	SenderReports int64
	// Lead is how much later media time is than wall time.
	Lead Lead
}

// SenderReport is one that arrived.
type SenderReport struct {
	Arrival time.Time
	// NTP is the sender's wall clock when its RTP clock showed Timestamp.
	NTP       time.Time
	Timestamp uint32
	// Packets and Bytes are the sender's counts.
	Packets, Bytes uint32
}

// Counters are what arrived at an endpoint, by protocol, and what was asked of its client.
type Counters struct {
	Checks    int64 // authentic STUN binding requests
	DTLS      int64 // datagrams
	RTP, RTCP int64 // datagrams, whether they can be decrypted or not
	// Early are those of them from before the handshake was done. They are processed after it, the first 512 of them.
	Early int64
	// Data counts the datagrams of application data in DTLS: SCTP, which is never answered.
	Data int64
	// Undeclared are RTP packets under SSRCs that the join payload does not have.
	Undeclared int64
	// NACKs, PLIs and FIRs count requests sent: packet numbers for NACK, messages for the others.
	NACKs, PLIs, FIRs int64
	// Blackout are datagrams of the client that a blackout lost.
	Blackout int64
}
