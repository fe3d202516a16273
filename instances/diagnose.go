package instances

import (
	"fmt"
	"time"

	"gotgcall/models"
)

const (
	// recently is how long ago the last frame of a leg that flows may have been sent.
	recently = 3 * time.Second
	// tiny is the mean size in bytes up to which packets of sound hold none: 20 ms of Opus at 6 kbit/s, its least rate, have 15.
	tiny = 10
	// lossy is the part of lost packets that is heard.
	lossy = 0.1
)

// diagnose says why nobody hears anything, by the statistics. remote tells that there is another side that reports; size is the mean of the last
// packets of sound in bytes, where it says something.
func diagnose(s models.CallStats, remote bool, size int, now time.Time) models.Diagnosis {
	var found []models.Finding
	find := func(code, text, format string, args ...any) {
		found = append(found, models.Finding{Code: code, Text: text, Evidence: fmt.Sprintf(format, args...)})
	}
	if s.State != models.Connected {
		diagnoseConnection(s, remote, find, now)
	}
	diagnoseSource(s, find, now)
	if s.Media.Paused {
		find(models.FindPaused, "the call is paused: Resume it", "GetState says Paused, the position is %s", s.Position)
	}
	if s.Media.Muted {
		find(models.FindMuted, "the call is muted: Unmute it", "GetState says Muted, %d frames were left out", s.Audio.Muted)
	}
	sent := ago(s.Audio.LastSent, now)
	flows := s.Audio.Frames > 0 && now.Sub(s.Audio.LastSent) < recently
	if len(found) == 0 && !flows {
		find(models.FindNothingSent, "nothing leaves: the source is late, or this machine is overloaded", "%d frames were sent, the last one %s, %s are read ahead",
			s.Audio.Frames, sent, s.Audio.Queued)
	}
	if flows && remote && size <= tiny {
		find(models.FindSilent, "the source is silent: what it gives is digital silence", "the last packets have %d bytes on average", size)
	}
	if flows && remote {
		diagnoseRemote(s, find, now)
	}
	audible := len(found) == 0
	switch {
	case audible && remote:
		find(models.FindNothingWrong, "nothing is wrong on this side: has the bot been muted by an administrator, or the listener's volume been turned down?",
			"%d frames were sent, the last one %s; %s", s.Audio.Frames, sent, reportOf(s.Audio.Remote, now))
	case audible:
		find(models.FindNothingWrong, "nothing is wrong on this side: the server takes the broadcast; does it show it, and is the player's sound on?",
			"%d frames were sent, the last one %s; %s wait for the server", s.Audio.Frames, sent, s.Push.Backlog)
	}
	return models.Diagnosis{Audible: audible, Findings: found}
}

// diagnoseConnection says why there is no connection, and who makes one.
func diagnoseConnection(s models.CallStats, remote bool, find func(code, text, format string, args ...any), now time.Time) {
	why := fmt.Sprintf("the state is %s since %s", s.State, ago(s.Since, now))
	switch {
	case remote && s.Since.IsZero():
		why = fmt.Sprintf("the state is %s, and Connect was not called", s.State)
	case s.Since.IsZero():
		why = fmt.Sprintf("the state is %s, and no source was set", s.State)
	case s.Push.LastError != nil:
		why += fmt.Sprintf(", after %d attempts: %v", s.Push.Attempts, s.Push.LastError)
	}
	text := "the call is not connected: give Connect the server's answer, or wait; after Failed and Timeout join again, unless Play does"
	switch {
	case remote:
	case s.State == models.Failed:
		text = "the broadcast has failed: begin it again with StartRTMP"
	default:
		text = "the broadcast is not connected: the first source begins that, and it is tried again by itself; is the address right, and the stream key?"
	}
	find(models.FindNotConnected, text, "%s", why)
}

// diagnoseSource looks at what is played.
func diagnoseSource(s models.CallStats, find func(code, text, format string, args ...any), now time.Time) {
	end := s.Audio
	if s.Video.LastEnd.After(end.LastEnd) {
		end = s.Video
	}
	switch {
	case s.Source == "" && end.LastEnd.IsZero():
		find(models.FindNoSource, "nothing is played: SetStreamSources was not called, has failed, or still waits for its source", "there is no source")
	case s.Source == "" && end.LastError != nil:
		find(models.FindEnded, "the source broke off: set it again, or another one", "it ended %s: %v", ago(end.LastEnd, now), end.LastError)
	case s.Source == "":
		find(models.FindEnded, "the source is over: set the next one", "it ended %s, by itself", ago(end.LastEnd, now))
	case !s.Audio.Playing && s.Audio.LastError != nil:
		find(models.FindEnded, "the sound of the source broke off, its picture goes on", "it ended %s: %v", ago(s.Audio.LastEnd, now), s.Audio.LastError)
	case !s.Audio.Playing:
		find(models.FindNoSound, "what is played has no sound, or its sound is over", "%s", s.Source)
	case s.Audio.Queued == 0 && !s.Media.Paused && now.Sub(s.Audio.LastSent) >= recently:
		find(models.FindStarved, "the source gives nothing: its network, disk or program is too slow, or hangs, or a voice has nothing to say", "nothing is read ahead, the last frame was sent %s",
			ago(s.Audio.LastSent, now))
	}
}

// diagnoseRemote looks at what the other side says.
func diagnoseRemote(s models.CallStats, find func(code, text, format string, args ...any), now time.Time) {
	const begun = 250 // frames: 5 s
	r := s.Audio.Remote
	switch {
	case s.Audio.Frames > begun && (r.Reports == 0 || now.Sub(r.LastReport) > 5*recently):
		find(models.FindNoReports, "packets leave, but the server does not confirm them: the join may have been replaced by another one of this account, or a "+
			"firewall drops them", "%d frames were sent, %d reports came, the last one %s", s.Audio.Frames, r.Reports, ago(r.LastReport, now))
	case r.Loss >= lossy:
		find(models.FindLoss, "the network loses packets: sound stutters", "%.0f %% of the last packets were lost, %d in all", 100*r.Loss, r.Lost)
	}
}

// ago words a moment in the past.
func ago(at, now time.Time) string {
	if at.IsZero() {
		return "never"
	}
	if d := now.Sub(at).Round(100 * time.Millisecond); d > 0 {
		return d.String() + " ago"
	}
	return "just now"
}

// reportOf words what the other side has said last.
func reportOf(r models.RemoteStats, now time.Time) string {
	if r.Reports == 0 {
		return "the server has not reported yet"
	}
	return fmt.Sprintf("the server's last report came %s, with %.0f %% loss", ago(r.LastReport, now), 100*r.Loss)
}
