package gotgcall

import "gotgcall/instances"

// Shared makes a Source that any number of calls of one Client can play at once, for the price of one: src is opened, decoded and encoded once, and
// each call sends the same frames under its own SSRC. It runs like a radio: the first call opens it, with its options; who comes later, or back from
// a pause, joins where it is, and sees its picture from the next key frame on, within 2 s when ffmpeg makes it; it is closed when the last call has
// left, and begins anew after its end. Each call has its own mute, pause and end; one that is slow never holds the others. SeekBy, SetSpeed and
// SetVolume are ErrSeekUnsupported. src may be a Playlist: OnTrackStart and OnTrackEnd are then called in each chat as for a list of its own, from
// the track on that plays when it joins, and for the tracks that cannot be played too; a chat that sets it again is told nothing twice. Time goes on
// from one track to the next.
//
// Make it once and give the same value to every call. Another Client gets ErrBusy.
func Shared(src Source) Source {
	if src == nil {
		return nil // as SetStreamSources says it
	}
	return instances.NewShared(src)
}
