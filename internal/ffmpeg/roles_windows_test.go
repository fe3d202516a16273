package ffmpeg

// play has no roles here: what they show are processes and signals of Unix.
func play(string, []string) int { return 99 }
