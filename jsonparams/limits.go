package jsonparams

// Limits of what is read. Candidates and server sources beyond their limit are left out; what exceeds another one is refused.
const (
	// MaxDataBytes is the longest JSON text that is parsed; a longer one is refused unread. Real ones have 500 to 4,000 bytes.
	MaxDataBytes = 64 << 10
	// MaxCandidates is how many usable candidates an Answer keeps, the first ones. Real answers have 1 or 2.
	MaxCandidates = 32
	// MaxServerSources is how many of the server's own SSRCs an Answer keeps, the first ones.
	MaxServerSources = 32
	// MaxSSRCGroups and MaxGroupSources bound the groups of a join payload and the SSRCs of one group. Real ones have 1 group of 2, or 4
	// groups of up to 3.
	MaxSSRCGroups   = 16
	MaxGroupSources = 16
)

// Lengths of ICE credentials, in characters of A-Z a-z 0-9 + / (RFC 8839 §5.4).
const (
	MinUfrag      = 4
	MinPwd        = 22
	MaxCredential = 256 // of both

	// MinAnswerUfrag is the shortest ufrag an answer may carry. The four characters of MinUfrag bind whoever draws a ufrag, so that two
	// sessions do not collide; its reader needs only that it is not empty (as pion/ice does), and a published answer has two characters.
	MinAnswerUfrag = 1
)
