package instances

import (
	"testing"
	"time"
)

func TestSenderReportsDoNotBecomeRarerBecauseTheyWaitForAFrame(t *testing.T) {
	begin := time.Now()
	var last time.Time
	reports := 0
	for at := time.Duration(0); at < time.Minute; at += 300 * time.Millisecond { // a slow film
		if now := begin.Add(at); now.Sub(last) >= reportInterval {
			last = reportedAt(last, now)
			reports++
		}
	}
	if reports != 60 {
		t.Errorf("%d reports in a minute", reports)
	}
	if after := last.Add(time.Hour); !reportedAt(last, after).Equal(after) {
		t.Error("after a pause the reports that were not sent are caught up on")
	}
}
