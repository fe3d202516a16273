package sfutest

import "time"

const (
	leadWindow     = time.Second
	maxLeadWindows = 4096 // kept, the latest
)

// Lead is how much later media time is than wall time, both since the leg's first packet: above 0 the media is ahead. Packets count that begin
// a frame and were not sent again; delays that the server's options add do not count.
type Lead struct {
	Last, Min, Max time.Duration
}

// LeadWindow is the lead in about a second.
type LeadWindow struct {
	// Begin is the arrival of its first packet, since that of the leg's first packet.
	Begin   time.Duration
	Packets int
	Lead
}

// leads keeps the lead of one leg.
type leads struct {
	total   Lead
	windows ring[LeadWindow]
	now     LeadWindow
}

func (l *leads) add(lead, at time.Duration) {
	l.total.add(lead)
	if l.now.Packets > 0 && at-l.now.Begin >= leadWindow {
		l.windows.push(l.now)
		l.now = LeadWindow{}
	}
	if l.now.Packets == 0 {
		l.now = LeadWindow{Begin: at, Lead: Lead{lead, lead, lead}}
	}
	l.now.add(lead)
	l.now.Packets++
}

func (l *Lead) add(lead time.Duration) {
	l.Last, l.Min, l.Max = lead, min(l.Min, lead), max(l.Max, lead)
}

// Leads returns the lead of a leg in windows of one second, in order; the latest 4096 at most. [StreamStats.Lead] is that of the whole.
func (e *Endpoint) Leads(ssrc uint32) []LeadWindow {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.streams[ssrc]
	if s == nil || s.timeline.leads.now.Packets == 0 {
		return nil
	}
	return append(s.timeline.leads.windows.all(), s.timeline.leads.now)
}
